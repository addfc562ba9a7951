/**
 * The lint rule `money/no-binary-float`: on the way of money and quantities, numbers are decimal strings, `Decimal` or
 * SQL `numeric`, never binary floats, which cannot hold 0.1. What makes one is refused where it stands; a number that is
 * no money (a minute, a count) says so in a comment that switches the rule off for its line.
 */
const FLOAT_SQL =
  /::\s*(float[48]?|real|double precision)\b|\bcast\s*\([^)]*\bas\s+(float[48]?|real|double precision)\b/i;
const ROUNDING = new Set(['round', 'floor', 'ceil', 'trunc', 'fround']);
const FORMATTING = new Set(['toFixed', 'toPrecision', 'toExponential']);

const noBinaryFloat = {
  meta: {
    type: 'problem',
    docs: { description: 'Refuses binary floats on the way of money' },
    messages: {
      number: '{{ what }} makes a binary float: keep the decimal string, or use domain/decimal.ts.',
      literal: '{{ what }} is a binary float: write a decimal string and parse it with domain/decimal.ts.',
      sql: '{{ what }} is a binary float of PostgreSQL: money and quantities are numeric.',
    },
    schema: [],
  },
  create(context) {
    const report = (node, messageId, what) => context.report({ node, messageId, data: { what } });
    const checkText = (node, text) => {
      const match = FLOAT_SQL.exec(text);
      if (match !== null) report(node, 'sql', match[0]);
    };
    return {
      CallExpression(node) {
        const { callee } = node;
        if (callee.type === 'Identifier' && (callee.name === 'Number' || callee.name === 'parseFloat')) {
          report(node, 'number', `${callee.name}()`);
        }
        if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier') return;
        const { name } = callee.property;
        const owner = callee.object.type === 'Identifier' ? callee.object.name : '';
        if (owner === 'Number' && name === 'parseFloat') report(node, 'number', 'Number.parseFloat()');
        else if (owner === 'Math' && ROUNDING.has(name)) report(node, 'number', `Math.${name}()`);
        else if (FORMATTING.has(name)) report(node, 'number', `.${name}()`);
      },
      UnaryExpression(node) {
        if (node.operator === '+') report(node, 'number', 'Unary +');
      },
      Literal(node) {
        if (typeof node.value === 'number' && !Number.isInteger(node.value)) report(node, 'literal', String(node.raw));
        if (typeof node.value === 'string') checkText(node, node.value);
      },
      TemplateElement(node) {
        checkText(node, node.value.raw);
      },
    };
  },
};

export default { meta: { name: 'money' }, rules: { 'no-binary-float': noBinaryFloat } };
