/** What a person chose for this browser: language and theme, nothing else. Storage may be forbidden: then nothing lasts. */

export function recall(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

export function remember(name, value) {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch {
    // It then holds until the page is closed.
  }
}
