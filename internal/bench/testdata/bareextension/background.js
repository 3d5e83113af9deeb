// A background that does nothing but stay.
setInterval(() => chrome.runtime.getPlatformInfo(), 20_000);
