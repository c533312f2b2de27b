// A service with a mistake in it.
console.error('flapping: cannot read the list of orders');
process.exit(3);
