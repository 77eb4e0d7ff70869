const GALLERY_TALLEST = 8_000_000; // px; browsers end at 17 million and more
const GALLERY_MOST_TILES = 200;
const GALLERY_SPARE_ROWS = 2;

const between = (low, value, high) => Math.max(low, Math.min(value, high));

/** Lay out a grid that may be taller than what a browser can scroll. */
function laySpace({ count, width, height, tileWidth, tileHeight, gap }) {
  const pitch = tileHeight + gap;
  const inView = Math.ceil(height / pitch) + 1;
  const most = Math.floor(GALLERY_MOST_TILES / (inView + 2 * GALLERY_SPARE_ROWS));
  const fitting = Math.floor((width - gap) / (tileWidth + gap));
  const columns = Math.max(1, Math.min(fitting, most));
  const real = Math.ceil(count / columns) * pitch + gap;
  const tall = Math.min(real, GALLERY_TALLEST);
  const ratio = tall > height ? (real - height) / (tall - height) : 1;
  const tile = Math.floor((width - gap) / columns) - gap;
  return { count, columns, pitch, gap, height, real, tall, ratio, tile, inView };
}

/** Where on the page a place is, when the list is scrolled that far. */
function spotOf(space, place, scrollTop) {
  const row = Math.floor(place / space.columns);
  const column = place % space.columns;
  const shift = scrollTop - scrollTop * space.ratio;
  return {
    x: space.gap + column * (space.tile + space.gap),
    y: space.gap + row * space.pitch + shift,
  };
}

/** First place and end of what is to be there: what is in view and rows around it. */
function placesOf(space, scrollTop, spare = GALLERY_SPARE_ROWS) {
  const row = Math.floor((scrollTop * space.ratio) / space.pitch);
  const first = (row - spare) * space.columns;
  const end = (row + space.inView + spare) * space.columns;
  return [between(0, first, space.count), between(0, end, space.count)];
}

/** How far to scroll so that a place is seen, moving as little as it takes. */
function scrollTo(space, place, scrollTop) {
  const top = Math.floor(place / space.columns) * space.pitch;
  const offset = scrollTop * space.ratio;
  const least = top + space.pitch + space.gap - space.height;
  return between(Math.min(least, top), offset, top) / space.ratio;
}
