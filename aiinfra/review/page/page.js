"use strict";
(() => {
  const all = (what) => Array.from(document.querySelectorAll(what));
  const search = document.getElementById("search");
  const found = document.getElementById("found");
  const items = all(".item");
  const boxes = all(".box");
  const text = new Map(items.concat(boxes).map((item) => [item, item.textContent.toLowerCase()]));
  let place = -1;

  const fits = (item, words) => words.every((word) => text.get(item).includes(word));
  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const item of items) {
      item.hidden = !fits(item, words);
      count += item.hidden ? 0 : 1;
    }
    for (const box of boxes) box.classList.toggle("dim", words.length > 0 && !fits(box, words));
    for (const group of all(".group, main section")) {
      const inside = Array.from(group.querySelectorAll(".item"));
      group.hidden = inside.length > 0 && inside.every((item) => item.hidden);
    }
    found.textContent = words.length ? `${count} found` : "";
    place = -1;
  };
  const move = (by) => {
    const shown = items.filter((item) => !item.hidden);
    if (!shown.length) return;
    place = Math.min(Math.max(place + by, 0), shown.length - 1);
    const item = shown[place];
    (item.querySelector("summary") || item).focus();
    item.scrollIntoView({ block: "nearest" });
  };
  const openAll = () => {
    const details = all("details");
    const open = details.some((each) => !each.open);
    for (const each of details) each.open = open;
    document.getElementById("open").textContent = open ? "Close all" : "Open all";
  };
  const theme = () => {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  };
  const target = () => {
    const element = location.hash && document.getElementById(location.hash.slice(1));
    if (element && element.tagName === "DETAILS") {
      element.open = true;
      element.scrollIntoView({ block: "nearest" });
    }
  };
  search.addEventListener("input", filter);
  document.getElementById("open").addEventListener("click", openAll);
  document.getElementById("theme").addEventListener("click", theme);
  addEventListener("hashchange", target);
  target();
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target === search) {
      if (event.key === "Escape") {
        search.value = "";
        filter();
        search.blur();
      } else if (event.key === "Enter") {
        event.preventDefault();
        move(1);
      }
      return;
    }
    const keys = { "/": () => search.focus(), j: () => move(1), k: () => move(-1), e: openAll };
    const act = keys[event.key];
    if (act) {
      event.preventDefault();
      act();
    }
  });
})();
