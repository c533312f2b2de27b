/** In place of the package of this name, which only developers of Ink load. */
export default { initialize: (): void => undefined, connectToDevTools: (): void => undefined };
