// Answers what npm's own `semver` says: one JSON line in, {"range": text, "versions": [...]}, one JSON line out.
const semver = require('semver')

const made = (text, options) => { try { return new semver.Range(text, options) } catch { return null } }

require('readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { range, versions } = JSON.parse(line)
  const plain = made(range, {})
  const wide = made(range, { includePrerelease: true })
  process.stdout.write(JSON.stringify({
    canonical: plain && (plain.range || '*'),
    plain: versions.filter((v) => plain && plain.test(v)),
    wide: versions.filter((v) => wide && wide.test(v)),
  }) + '\n')
})
