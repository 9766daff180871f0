// A view's own style, loaded before the view is drawn, so that nothing on it moves afterwards.

/** Load a stylesheet once; the promise is kept whether or not it comes, since a plain view is better than none. */
export function loadStyle(href) {
  const known = document.head.querySelector(`link[href="${href}"]`);
  if (known) return Promise.resolve();
  return new Promise((resolve) => {
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href, onload: resolve, onerror: resolve });
    document.head.append(link);
  });
}
