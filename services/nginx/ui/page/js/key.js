/** The API key: held in this module while the page is open, and nowhere else. */

let key = "";

export const setKey = (text) => {
  key = text.trim();
};

export const hasKey = () => key !== "";

export const keyHeaders = () => (key ? { Authorization: `Bearer ${key}` } : {});
