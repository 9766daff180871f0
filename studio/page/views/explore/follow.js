// Follows a pointer: one request is under way at a time, and when it is answered the newest wish goes next.

const KEPT = 600;

/** `go(wish)` has `send(wish)` run, now or when the one under way is done; `show(wish, answer, error)` gets each answer. */
export function makeFollower(send, show) {
  let waiting = null;
  let running = false;
  let ended = false;
  const run = async () => {
    running = true;
    while (waiting !== null && !ended) {
      const wish = waiting;
      waiting = null;
      try {
        const answer = await send(wish);
        if (!ended) show(wish, answer, null);
      } catch (error) {
        if (!ended) show(wish, null, error);
      }
    }
    running = false;
  };
  return {
    go(wish) {
      waiting = wish;
      if (!running) run();
    },
    end() {
      ended = true;
    },
  };
}

/** Keep how long a frame took, in milliseconds from the pointer's event to the drawn series, in window.seriesmithFrames. */
export function recordFrame(began) {
  const frames = (window.seriesmithFrames ??= []);
  frames.push(performance.now() - began);
  if (frames.length > KEPT) frames.shift();
}
