/**
 * QR codes (ISO/IEC 18004) of texts: UTF-8 in byte mode, error correction level M, versions 1 to 20. The smallest
 * version that holds the text; the mask with the least penalty.
 */

/** For each version: error correction bytes in a block, blocks, data bytes in all (ISO/IEC 18004, table 9, level M). */
const VERSIONS = [
  [10, 1, 16], [16, 1, 28], [26, 1, 44], [18, 2, 64], [24, 2, 86], [16, 4, 108], [18, 4, 124], [22, 4, 154],
  [22, 5, 182], [26, 5, 216], [30, 5, 254], [22, 8, 290], [22, 9, 334], [24, 9, 365], [24, 10, 415], [28, 10, 453],
  [28, 11, 507], [26, 13, 563], [26, 14, 627], [26, 16, 669],
];

/** Most bytes of a text: those of version 20 but for mode and length. */
export const MOST_BYTES = 669 - 3;

/** @type {((x: number, y: number) => boolean)[]} */
const MASKS = [
  (x, y) => (x + y) % 2 === 0,
  (_, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(y / 2) + Math.floor(x / 3)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

/**
 * The code of a text as rows of squares, true for dark; null if the text is too long.
 * @param {string} text
 * @returns {boolean[][] | null}
 */
export function qrCode(text) {
  const bytes = [...new TextEncoder().encode(text)];
  const version = VERSIONS.findIndex(([, , data], index) => bytes.length <= data - (index < 9 ? 2 : 3)) + 1;
  if (!version) return null;
  const all = withCorrection(dataBytes(bytes, version), version);
  const codes = MASKS.map((_, mask) => laid(all, version, mask));
  return codes.reduce((best, code) => (penalty(code) < penalty(best) ? code : best));
}

/**
 * Mode, length, text and padding.
 * @param {number[]} bytes
 * @param {number} version
 */
function dataBytes(bytes, version) {
  const [, , size] = VERSIONS[version - 1];
  const bits = [0, 1, 0, 0, ...bitsOf(bytes.length, version < 10 ? 8 : 16), ...bytes.flatMap((byte) => bitsOf(byte, 8))];
  bits.push(...new Array(Math.min(4, 8 * size - bits.length)).fill(0));
  while (bits.length % 8) bits.push(0);
  const data = [];
  for (let at = 0; at < bits.length; at += 8) data.push(bits.slice(at, at + 8).reduce((byte, bit) => 2 * byte + bit, 0));
  for (let pad = 0xec; data.length < size; pad ^= 0xec ^ 0x11) data.push(pad);
  return data;
}

/**
 * @param {number} value
 * @param {number} length
 */
const bitsOf = (value, length) => Array.from({ length }, (_, place) => (value >> (length - 1 - place)) & 1);

/**
 * The data in blocks, each with its error correction bytes, all of them interleaved.
 * @param {number[]} data
 * @param {number} version
 */
function withCorrection(data, version) {
  const [corrections, count, size] = VERSIONS[version - 1];
  const blocks = [];
  for (let block = 0, at = 0; block < count; block += 1) {
    // The last blocks hold one more byte if the data do not divide evenly.
    const length = Math.floor(size / count) + (block >= count - (size % count) ? 1 : 0);
    blocks.push(data.slice(at, at + length));
    at += length;
  }
  return [...interleaved(blocks), ...interleaved(blocks.map((block) => remainder(block, corrections)))];
}

/** @param {number[][]} blocks */
const interleaved = (blocks) =>
  Array.from({ length: Math.max(...blocks.map(({ length }) => length)) }, (_, place) => blocks.flatMap((block) => block[place] ?? [])).flat();

/**
 * Reed-Solomon: the remainder of the block by the generator polynomial of this degree.
 * @param {number[]} block
 * @param {number} degree
 */
function remainder(block, degree) {
  let generator = [1];
  for (let power = 0, root = 1; power < degree; power += 1, root = times(root, 2)) {
    const shifted = [...generator, 0];
    generator = shifted.map((coefficient, place) => coefficient ^ (place ? times(generator[place - 1], root) : 0));
  }
  const rest = [...block, ...new Array(degree).fill(0)];
  for (let at = 0; at < block.length; at += 1) {
    const factor = rest[at];
    generator.forEach((coefficient, place) => {
      rest[at + place] ^= times(coefficient, factor);
    });
  }
  return rest.slice(block.length);
}

/**
 * Multiplication in GF(256) modulo x⁸ + x⁴ + x³ + x² + 1.
 * @param {number} left
 * @param {number} right
 */
function times(left, right) {
  let product = 0;
  for (let bit = 7; bit >= 0; bit -= 1) product = (product << 1) ^ ((product >> 7) * 0x11d) ^ (((right >> bit) & 1) * left);
  return product;
}

/**
 * All squares, with this mask.
 * @param {number[]} all
 * @param {number} version
 * @param {number} mask
 */
function laid(all, version, mask) {
  const size = 17 + 4 * version;
  /** @type {(boolean | undefined)[][]} */
  const code = Array.from({ length: size }, () => new Array(size).fill(undefined));
  layPatterns(code, version, mask);
  const bits = all.flatMap((byte) => bitsOf(byte, 8));
  let next = 0, upwards = true;
  for (let right = size - 1; right > 0; right -= 2, upwards = !upwards) {
    if (right === 6) right -= 1; // the column of the timing pattern
    for (let step = 0; step < size; step += 1) {
      const y = upwards ? size - 1 - step : step;
      for (const x of [right, right - 1]) {
        if (code[y][x] !== undefined) continue;
        code[y][x] = (bits[next] === 1) !== MASKS[mask](x, y);
        next += 1;
      }
    }
  }
  return /** @type {boolean[][]} */ (code);
}

/**
 * Finder, alignment and timing patterns, format and version.
 * @param {(boolean | undefined)[][]} code
 * @param {number} version
 * @param {number} mask
 */
function layPatterns(code, version, mask) {
  const size = code.length;
  for (const [cx, cy] of [[3, 3], [size - 4, 3], [3, size - 4]]) lay(code, cx, cy, 4, [0, 1, 3]);
  const centres = alignment(version, size);
  for (const cy of centres) {
    // Skip the places of the finder patterns.
    for (const cx of centres) if (code[cy][cx] === undefined) lay(code, cx, cy, 2, [0, 2]);
  }
  for (let at = 8; at < size - 8; at += 1) code[6][at] = code[at][6] = at % 2 === 0;
  // Level M is 00.
  const format = ((mask << 10) | divided(mask << 10, 0x537, 10)) ^ 0x5412;
  for (let bit = 0; bit < 15; bit += 1) {
    const dark = ((format >> bit) & 1) === 1;
    code[bit < 6 ? bit : bit < 8 ? bit + 1 : size - 15 + bit][8] = dark;
    code[8][bit < 8 ? size - 1 - bit : bit < 9 ? 7 : 14 - bit] = dark;
  }
  code[size - 8][8] = true;
  if (version < 7) return;
  const written = (version << 12) | divided(version << 12, 0x1f25, 12);
  for (let bit = 0; bit < 18; bit += 1) {
    const [far, near] = [size - 11 + (bit % 3), Math.floor(bit / 3)];
    code[far][near] = code[near][far] = ((written >> bit) & 1) === 1;
  }
}

/**
 * Squares around squares: dark where the distance from the centre is one of these.
 * @param {(boolean | undefined)[][]} code
 * @param {number} cx
 * @param {number} cy
 * @param {number} radius
 * @param {number[]} dark
 */
function lay(code, cx, cy, radius, dark) {
  for (let y = cy - radius; y <= cy + radius; y += 1) {
    for (let x = cx - radius; x <= cx + radius; x += 1) {
      if (y >= 0 && y < code.length && x >= 0 && x < code.length && code[y][x] === undefined) {
        code[y][x] = dark.includes(Math.max(Math.abs(x - cx), Math.abs(y - cy)));
      }
    }
  }
}

/**
 * The centres of the alignment patterns (annex E).
 * @param {number} version
 * @param {number} size
 */
function alignment(version, size) {
  if (version === 1) return [];
  const number = Math.floor(version / 7) + 2;
  const step = Math.ceil((size - 13) / (number - 1) / 2) * 2;
  return [6, ...Array.from({ length: number - 1 }, (_, place) => size - 7 - (number - 2 - place) * step)];
}

/**
 * The remainder of a polynomial over GF(2).
 * @param {number} value
 * @param {number} divisor
 * @param {number} degree
 */
function divided(value, divisor, degree) {
  let rest = value;
  for (let bit = 31; bit >= degree; bit -= 1) if ((rest >>> bit) & 1) rest ^= divisor << (bit - degree);
  return rest;
}

/**
 * The penalty score (7.8.3): runs, blocks, patterns that resemble a finder, and the proportion of dark squares.
 * @param {boolean[][]} code
 */
function penalty(code) {
  const size = code.length;
  const lines = [...code, ...code.map((_, x) => code.map((row) => row[x]))].map((line) => line.map(Number).join(""));
  let points = 0;
  for (const line of lines) {
    for (const run of line.match(/0{5,}|1{5,}/g) ?? []) points += run.length - 2;
    points += 40 * (line.match(/(?=10111010000|00001011101)/g) ?? []).length;
  }
  for (let y = 1; y < size; y += 1) {
    for (let x = 1; x < size; x += 1) {
      if (code[y][x] === code[y - 1][x] && code[y][x] === code[y][x - 1] && code[y][x] === code[y - 1][x - 1]) points += 3;
    }
  }
  const dark = code.flat().filter(Boolean).length / size ** 2;
  return points + 10 * Math.floor(Math.abs(dark - 0.5) * 20);
}
