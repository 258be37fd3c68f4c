// Writes emoji.tsv anew from the data of emojibase-data (MIT). Run it with the
// directory of that package, wherever it has been unpacked:
//
//   node generate.mjs path/to/emojibase-data > emoji.tsv
//
// A line is one emoji: the character, its description, its aliases and its
// tags, parted by tabs; aliases and tags are parted by commas. No two emoji
// have an alias in common: it stays with the first that has it in the
// catalogue of GitHub, then with the first of the rest.

import { readFileSync } from 'node:fs'

const read = (name) => JSON.parse(readFileSync(`${process.argv[2]}/en/${name}`, 'utf8'))
const list = (value) => (value === undefined ? [] : [].concat(value))
const plain = (text) => text.replace(/[\t\n,]/g, ' ')

const data = read('data.json')
const taken = new Map()
const aliases = new Map(data.map((entry) => [entry.hexcode, []]))
for (const catalogue of [read('shortcodes/github.json'), read('shortcodes/emojibase.json')]) {
  for (const { hexcode } of data) {
    for (const alias of list(catalogue[hexcode])) {
      if (taken.has(alias)) continue
      taken.set(alias, hexcode)
      aliases.get(hexcode).push(alias)
    }
  }
}
// What is shown in colour by itself needs no variation selector, and keyboards
// write none.
const shown = (character) => character.replace(/^(\p{Emoji_Presentation})\uFE0F$/u, '$1')

for (const entry of data) {
  // Regional indicators and other parts of emoji have no name of their own.
  if (aliases.get(entry.hexcode).length === 0) continue
  console.log([
    shown(entry.emoji), plain(entry.label), aliases.get(entry.hexcode).join(','), list(entry.tags).map(plain).join(','),
  ].join('\t'))
}
