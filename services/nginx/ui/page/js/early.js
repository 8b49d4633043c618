// Runs before the first paint, so that a theme chosen earlier does not flash.
try {
  const theme = localStorage.getItem("theme");
  if (theme) document.getElementById("dark").media = theme === "dark" ? "all" : "not all";
} catch {
  // Without storage the system's theme stays.
}
