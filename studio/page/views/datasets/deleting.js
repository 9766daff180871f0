// A dataset is put aside by its id, and can be taken back for a day.

import { post, remove } from "../../api.js";
import { formatTime, go, toast } from "../../ui.js";

export async function restore(id, name, then = () => {}) {
  try {
    await post(`datasets/${id}/restore`);
    toast(`${name} is back.`);
    then();
  } catch (error) {
    toast(error.message, { kind: "bad" });
  }
}

/** Put a dataset aside and offer to undo it. */
export async function putAside({ id, name, version }, then = () => {}) {
  try {
    const { restorable_until } = await remove(`datasets/${id}`);
    toast(`Version ${version} of ${name} is deleted; it can be restored until ${formatTime(restorable_until)}.`, { undo: () => restore(id, name, () => go("datasets", { dataset: id })) });
    then();
  } catch (error) {
    toast(error.message, { kind: "bad" });
  }
}
