document.title = chrome.i18n.getMessage("ext_name");
