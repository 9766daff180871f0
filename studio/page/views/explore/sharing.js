// Numbers as the URL holds them.

/** "1.2,-0.33": three digits that count are enough to see the same. */
export function writeNumbers(numbers) {
  return numbers.map((number) => (number === null ? "" : String(Number(number.toPrecision(3))))).join(",");
}

/** The numbers of a text, null for what is empty; null where the text is none, or has another count than `length`. */
export function readNumbers(text, length) {
  if (!text) return null;
  const numbers = text.split(",").map((part) => (part === "" ? null : Number(part)));
  const wrong = numbers.some(Number.isNaN) || (length !== undefined && numbers.length !== length);
  return wrong ? null : numbers;
}
