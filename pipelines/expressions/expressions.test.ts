import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { evaluateExpression } from './evaluate-expression.js'
import { FUNCTION_NAMES } from './functions.js'
import { parseExpression } from './parse-expression.js'
import { expressionEffort } from './values.js'

const VARIABLES = new Map([
  ['EVENT', 'push'],
  ['MESSAGE', 'Fix: the bug'],
  ['REPO', 'octo/hello'],
  ['NUMBER', '42'],
  ['EMPTY', ''],
])

function valueOf(source: string): boolean | string {
  const parsed = parseExpression(source)
  if ('problem' in parsed) return `${parsed.at}: ${parsed.problem}`
  const result = evaluateExpression(parsed, VARIABLES, expressionEffort())
  return 'value' in result ? result.value : result.problem
}

describe('an expression', () => {
  it.each([
    'EVENT == "push" && REPO == "octo/hello"',
    "EVENT == 'push' and not (REPO == `other`)",
    'not("MISSING" in $env)',
    '"MISSING" not in $env',
    '"MISSING"  not\n in $env',
    '"EMPTY" in $env and EMPTY == ""',
    'MISSING == nil && MISSING != "x"',
    'MISSING ?? "default" == "default"',
    'not MISSING ?? true == false',
    'EVENT in ["push", "tag"]',
    'EVENT not in ["tag"]',
    'MISSING not in ["tag"]',
    '!("a" in MISSING)',
    '["a", ["b"]] == ["a", ["b"]]',
    '$env.EVENT == $env["EVENT"]',
    '$env?.MISSING == nil',
    'MESSAGE contains "bug" and MESSAGE startsWith "Fix" and MESSAGE endsWith "bug"',
    'MESSAGE not contains "deploy"',
    'MESSAGE matches "^Fix:\\\\s"',
    'MESSAGE matches `^Fix:\\s`',
    'not (MISSING startsWith "v") and not (MISSING matches "v")',
    'EVENT == "tag" ? false : EVENT == "push" ? true : false',
    'true || false && false',
    'true || MISSING',
    'not (false && MISSING)',
    '1 + 2 * 3 - 4 / 2 == 5 and 7 % 4 == 3 and -1 < .5 and (1 + 2) * 3 == 9 and 1e3 == 1000',
    '"a" + "b" == "ab" and "a" < "b" and 2 >= 2 and 1 <= 2 and 3 > 2 and 3 != 4',
    'int(NUMBER) > 41 and float("1.5") == 1.5 and string(5) == "5" and int(MISSING) == nil',
    'len(REPO) == 10 and len("a😀") == 2 and len(["x"]) == 1 and len(MISSING) == 0 and len($env) == 5',
    'lower("AbC") == "abc" and upper("AbC") == "ABC" and lower(MISSING) == nil',
    'trim("  a ") == "a" and trim("__a_", "_") == "a"',
    'trimPrefix(REPO, "octo/") == "hello" and trimSuffix(REPO, "/hello") == "octo"',
    'trimPrefix(REPO, "x") == REPO and trimSuffix(REPO, "x") == REPO',
    'hasPrefix(REPO, "octo") and hasSuffix(REPO, "hello")',
    'indexOf(REPO, "/") == 4 and lastIndexOf("a/b/c", "/") == 3 and indexOf(REPO, "x") == -1',
    'split(REPO, "/")[0] == "octo" and split(REPO, "/")[-1] == "hello" and split(REPO, "/")[9] == nil',
    'join(split(REPO, "/"), "-") == "octo-hello" and replace(REPO, "l", "L") == "octo/heLLo"',
    'first(split(REPO, "/")) == "octo" and last(split(REPO, "/")) == "hello" and first(MISSING) == nil',
    '"\\x41\\u0042\\U0001F600\\t\\"" == "AB😀\t" + `"`',
    '/* why */ true // it is so',
    'constructor == nil and __proto__ == nil and $env.toString == nil and this == nil',
    '"__proto__" not in $env and "constructor" not in $env',
  ])('%s is true', (source) => {
    expect(valueOf(source)).toBe(true)
  })

  it.each([
    ['', '0: it is empty'],
    ['  ', '0: it is empty'],
    ['EVENT ==', '8: something is missing at its end'],
    ['EVENT and', '9: something is missing at its end'],
    ['not', '3: something is missing at its end'],
    ['EVENT = "push"', '6: `=` is no operator'],
    ['EVENT === "push"', '6: `===` is no operator'],
    ['EVENT & REPO', '6: `&` is no operator'],
    ['a ~ b', '2: `~` is no operator'],
    ['EVENT | lower()', '6: pipes are not supported'],
    ['1..3', '1: ranges are not supported'],
    ['2 ** 3', '2: powers are not supported'],
    ['{a: 1}', '0: maps and closures are not supported'],
    ['any(x, # > 1)', '7: closures are not supported'],
    ['let x = 1; x', '0: `let` is not supported'],
    ['x[1:2]', '3: slices are not supported'],
    ['0x10 == 16', '0: a number is malformed'],
    ['1_000 == 1', '0: a number is malformed'],
    ['a b', '2: there is no operator before `b`'],
    ['["a" "b"] == a', '5: there is no operator before `"b"`'],
    ['"abc', '0: a text has no end'],
    ['"\\d"', '1: there is no such escape; a backslash itself is `\\\\`'],
    ['"\\uD83Z"', '1: there is no such escape; a backslash itself is `\\\\`'],
    ['"\\U00110000"', '1: there is no such escape; a backslash itself is `\\\\`'],
    ['(a', '0: `(` is not closed'],
    ['a)', '1: `)` closes nothing'],
    ['(a]', '2: `]` closes nothing'],
    ['a : b', '2: `:` has no `?` before it'],
    ['a ? b', '5: expected :'],
    ['in [a]', '0: `in` has nothing before it'],
    ['("a", "b")', '0: it must be one expression'],
    ['a, b', '0: it must be one expression'],
    ['EVENT.length', '0: nothing has a member `length`'],
    ['EVENT["constructor"]', 'a text has no element that is named by a text'],
    ['a.constructor("x") == b', '0: only functions can be called'],
    ['constructor.constructor == b', '0: nothing has a member `constructor`'],
    ['loewr(EVENT) == "x"', '0: there is no function `loewr`'],
    ['constructor("x")', '0: there is no function `constructor`'],
    ['lower()', '`lower` takes 1 value, not 0'],
    ['split("a")', '`split` takes 2 values, not 1'],
    ['lower(1) == "1"', 'a text is needed, but there is a number'],
    ['EVENT', 'it must be true or false, but it is a text'],
    ['MISSING', 'it must be true or false, but it is nil'],
    ['$env', 'it must be true or false, but it is `$env`'],
    ['!EVENT', '`not` needs true or false, but `EVENT` is a text'],
    ['EVENT && true', '`&&` needs true or false, but `EVENT` is a text'],
    ['NUMBER == 42', "`==` can't be used with a text and a number"],
    ['EVENT == true', "`==` can't be used with a text and true"],
    ['NUMBER > 41', "`>` can't be used with a text and a number"],
    ['MISSING < 1', "`<` can't be used with nil and a number"],
    ['"a" in "abc"', '`in` needs a list or `$env`, not a text'],
    [
      'EVENT matches "("',
      'a regular expression is malformed: error parsing regexp: missing closing ): `(`',
    ],
    ['int("x") == 1', 'a text that is no number was to be made one'],
    ['1 % 0 == 1', 'a number is divided by 0'],
    ['-EVENT == 1', '`-` needs a number, not a text'],
    ['"x"(1)', '0: it must be one expression'],
  ])('%j is refused: %s', (source, problem) => {
    expect(valueOf(source)).toBe(problem)
  })

  it.each([
    ['is too long', `"${'a'.repeat(2000)}" == "a"`, 'longer than 2000'],
    ['has many brackets', '('.repeat(51) + 'true' + ')'.repeat(51), 'deeper than 50'],
    ['has many lists', '['.repeat(51) + ']'.repeat(51), 'deeper than 50'],
    ['has many signs', '!'.repeat(51) + 'true', 'deeper than 50'],
    ['has many choices', 'true?true:'.repeat(51) + 'true', 'deeper than 50'],
  ])('that %s is refused', (_what, source, problem) => {
    expect(valueOf(source)).toContain(problem)
  })

  it('may be nested as deeply as is allowed, and have many operators in a row', () => {
    expect(valueOf('('.repeat(50) + 'true' + ')'.repeat(50))).toBe(true)
    expect(valueOf(Array.from({ length: 330 }, () => 'true').join('&&'))).toBe(true)
  })

  it('has bounded texts and lists', () => {
    const texts = new Map([['LONG', 'x'.repeat(40_000)]])
    const problem = (source: string): unknown => {
      const parsed = parseExpression(source)
      return 'problem' in parsed ? parsed : evaluateExpression(parsed, texts, expressionEffort())
    }
    expect(problem('LONG + LONG == ""')).toMatchObject({ problem: /longer than 65536/ })
    expect(problem('replace(LONG, "x", "yyyy") == ""')).toMatchObject({ problem: /longer than/ })
    expect(problem('len(split(LONG, "")) == 1')).toMatchObject({ problem: /more than 10000/ })
  })

  it('is stopped when the file has spent what expressions may cost', () => {
    const parsed = parseExpression('EVENT == "push" || EVENT == "tag"')
    if ('problem' in parsed) throw new Error(parsed.problem)
    const effort = { ...expressionEffort(), left: 30 }
    expect(evaluateExpression(parsed, VARIABLES, effort)).toEqual({ value: true })
    expect(evaluateExpression(parsed, VARIABLES, effort)).toEqual({ value: true })
    expect(evaluateExpression(parsed, VARIABLES, effort)).toEqual({ value: true })
    expect(evaluateExpression(parsed, VARIABLES, effort)).toEqual({
      problem: 'the expressions of the file take too long',
    })
  })

  it('is read or refused whatever it is, in bounded time, and never throws', () => {
    const token = fc.constantFrom(
      ...['EVENT', '$env', '"a"', "'b'", '`c`', '1', '.5', 'nil', 'true', '(', ')', '[', ']', ','],
      ...['==', '!=', '<', '&&', '||', '??', '?', ':', '.', '?.', '!', 'not', 'in', 'matches', '-'],
      ...[
        '+',
        '*',
        '%',
        'contains',
        ' ',
        '\n',
        '//',
        '/*',
        '*/',
        '\\',
        '"',
        '{',
        '#',
        ';',
        '\u2028',
      ],
      ...FUNCTION_NAMES.map((name) => `${name}(`),
    )
    const source = fc.oneof(
      fc.array(token, { maxLength: 40 }).map((tokens) => tokens.join(' ')),
      fc.array(token, { maxLength: 40 }).map((tokens) => tokens.join('')),
      fc.string({ unit: 'binary', maxLength: 100 }),
    )
    fc.assert(
      fc.property(source, (text) => {
        expect(['string', 'boolean']).toContain(typeof valueOf(text))
        const parsed = parseExpression(text)
        if ('problem' in parsed) expect(parsed.at).toBeLessThanOrEqual(text.length)
      }),
      { numRuns: 5000 },
    )
  })

  it('agrees with JavaScript where both mean the same', () => {
    const { expression } = fc.letrec<{ expression: string; number: string }>((tie) => ({
      number: fc.oneof(
        { maxDepth: 3 },
        fc.nat(9).map(String),
        fc
          .tuple(tie('number'), fc.constantFrom('+', '-', '*'), tie('number'), fc.boolean())
          .map(([left, operator, right, grouped]) =>
            grouped ? `(${left} ${operator} ${right})` : `${left} ${operator} ${right}`,
          ),
      ),
      expression: fc.oneof(
        { maxDepth: 3 },
        fc
          .tuple(tie('number'), fc.constantFrom('==', '!=', '<', '<=', '>', '>='), tie('number'))
          .map((parts) => parts.join(' ')),
        fc
          .tuple(tie('expression'), fc.constantFrom('&&', '||'), tie('expression'), fc.boolean())
          .map(([left, operator, right, negated]) =>
            negated ? `!(${left} ${operator} ${right})` : `${left} ${operator} ${right}`,
          ),
      ),
    }))
    fc.assert(
      fc.property(expression, (source) => {
        fc.pre(source.length < 2000)
        // eslint-disable-next-line @typescript-eslint/no-implied-eval -- made of our own tokens
        const oracle = new Function(`return ${source}`) as () => boolean
        expect(valueOf(source)).toBe(oracle())
      }),
      { numRuns: 1000 },
    )
  })
})
