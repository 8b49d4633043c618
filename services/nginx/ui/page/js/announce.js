/** Tells a screen reader what the eye sees happen. */

import { byId } from "./dom.js";

export function announce(text) {
  const region = byId("status");
  // The same sentence twice is two events: an emptied region makes the second one heard.
  region.textContent = "";
  requestAnimationFrame(() => {
    region.textContent = text;
  });
}
