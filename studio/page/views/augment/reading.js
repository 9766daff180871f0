// An upload is read anew by other settings, once they rest for a moment; the augment and the dataset view both let correct it so.

import { post } from "../../api.js";
import { useAsync, useSettled, useState } from "../../ui.js";

const REST = 350;

/**
 * Follow the settings that `upload` is read by: `{settings, setSettings, settled, shown, waiting, error}`. `shown` is the
 * latest reading, made by `settled` unless it is `waiting`: only then may it be kept.
 */
export function useReading(upload) {
  const [settings, setSettings] = useState(upload.settings ?? {});
  const settled = useSettled(settings, REST);
  const read = useAsync((signal) => (settled === upload.settings ? upload : post(`uploads/${upload.id}/preview`, { settings: settled }, { signal })), [settled]);
  return { settings, setSettings, settled, shown: read.value ?? upload, waiting: read.busy || settled !== settings, error: read.error };
}
