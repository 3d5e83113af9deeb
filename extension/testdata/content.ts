// A content script for tests: the page may send any message through it, as its own origin, and sees all that comes.

const heard: { type: string }[] = [];

chrome.runtime.onMessage.addListener((message: { type: string }, _sender, answer) => {
  heard.push(message);
  if (message.type === "fill.start") answer({ started: true });
  else if (message.type === "sign_out") {
    document.dispatchEvent(new CustomEvent("sign-out"));
    answer({ sign_out: document.documentElement.dataset.signOut ?? "done" });
  } else answer({});
});

document.addEventListener("ask", (event) => {
  const { id, message } = JSON.parse((event as CustomEvent<string>).detail);
  const answered = (answer: unknown) => document.dispatchEvent(new CustomEvent("answer", { detail: JSON.stringify({ id, answer, heard }) }));
  chrome.runtime.sendMessage(message).then(answered, (why) => answered({ broken: String(why) }));
});
