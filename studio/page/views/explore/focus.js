// What the page looks at: a code, the series it decodes to and, where the code is a case's, that case's own series.

import { get, post } from "../../api.js";
import { useCallback, useEffect, useMemo, useRef, useState } from "../../ui.js";
import { makeFollower, recordFrame } from "./follow.js";

/**
 * `look({code, index?, series?, began?})` looks at a code; with `series` nothing is decoded. `focus` is what was looked
 * at last, `decoded` the newest series there is for it, with the code it belongs to; `drawn()` is to be called when
 * the chart has drawn it.
 */
export function useFocus(model, first) {
  const [focus, setFocus] = useState(first);
  const [decoded, setDecoded] = useState({ code: null, series: null, error: null });
  const began = useRef(null);
  const follower = useMemo(() => {
    const send = async ({ code }) => (await post("decode", { model, latent: [code] })).series[0];
    return makeFollower(send, (wish, series, error) => {
      began.current = wish.began ?? null;
      setDecoded((before) => ({ code: wish.code, series: error ? before.series : series, error }));
    });
  }, [model]);
  useEffect(() => () => follower.end(), [follower]);
  const look = useCallback(
    (wish) => {
      setFocus(wish);
      if (wish.series) setDecoded({ code: wish.code, series: wish.series, error: null });
      else follower.go(wish);
    },
    [follower],
  );
  useEffect(() => look(first), []);
  const drawn = useCallback(() => {
    if (began.current === null) return;
    recordFrame(began.current);
    began.current = null;
  }, []);
  return { focus, decoded, look, drawn };
}

/** The series of a case of a dataset, `[n_channels][n_timepoints]`; null while it is on its way, or where there is none. */
export function useCase(dataset, index) {
  const kept = useRef(new Map());
  const [, redraw] = useState(0);
  useEffect(() => {
    if (!dataset || index === null || index === undefined || kept.current.has(index)) return;
    kept.current.set(index, null);
    get(`datasets/${dataset}/series?offset=${index}&limit=1`).then(
      ({ series }) => (kept.current.set(index, series[0] ?? null), redraw((count) => count + 1)),
      () => kept.current.delete(index),
    );
  }, [dataset, index]);
  return index === null || index === undefined ? null : (kept.current.get(index) ?? null);
}
