// One of several workers. PROCMAN_INSTANCE tells which: worker_00, worker_01...
const port = process.env.SERVER_PORT ?? '8086';
const name = process.env.PROCMAN_INSTANCE ?? 'worker';

async function work() {
  try {
    const reply = await fetch(`http://127.0.0.1:${port}/job`);
    console.log(`${name}: the server counts ${(await reply.json()).jobs} jobs`);
  } catch (error) {
    console.error(`${name}: no server for the moment (${error.cause?.code ?? error.message})`);
  }
}

setInterval(work, 1000);
