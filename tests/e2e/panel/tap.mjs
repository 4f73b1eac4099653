// Test Anything Protocol, one line per check.
let number = 0;
let failures = 0;

export function ok(passed, name, details = '') {
  number += 1;
  failures += passed ? 0 : 1;
  console.log(`${passed ? 'ok' : 'not ok'} ${number} - ${name}`);
  if (!passed && details) {
    console.log(String(details).replace(/^/gm, '#   '));
  }
  return passed;
}

export function equal(actual, expected, name) {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  return ok(a === b, name, `got ${a}\nexpected ${b}`);
}

const only = process.env.SIGILLO_ONLY ? new RegExp(process.env.SIGILLO_ONLY) : null;

/** Whether an exception came because the browser's own process fell over, which says nothing of the panel (run.mjs knows). */
export const engine = { fell: async () => false };

/** Runs a group of checks; an exception in it is one failed check, the next group still runs. Where the browser itself fell over the group runs once more,
 * in a new one: what the panel does to a browser it does again. SIGILLO_ONLY picks groups. */
export async function group(name, run) {
  if (only && name !== 'log-in' && !only.test(name)) {
    return;
  }
  const start = Date.now();
  try {
    await run().catch(async (error) => {
      if (!(await engine.fell(error))) {
        throw error;
      }
      console.log(`# ${name}: the browser's process ended; once more`);
      await run();
    });
  } catch (error) {
    ok(false, `${name} runs to its end`, error?.stack ?? error);
  }
  console.log(`# ${name}: ${((Date.now() - start) / 1000).toFixed(1)} s`);
}

/** Waits for something that only the test sees; the check after it says what is wrong when it never comes. */
export async function until(condition, patience = 60_000) {
  for (const end = Date.now() + patience; !condition() && Date.now() < end; ) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export function skip(name, reason) {
  number += 1;
  console.log(`ok ${number} - ${name} # SKIP ${reason}`);
}

export function finish() {
  console.log(`1..${number}`);
  process.exitCode = failures > 0 ? 1 : 0;
}
