import ts from "npm:typescript@5.9.3";

/** One deliberate break of a source file: a piece of its text, and what stands there instead. */
export interface Mutant {
  /** The file, from the repository's root. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** The lines, both inclusive, of the function or method that it is in, or else of the statement. */
  readonly unit: readonly [from: number, to: number];
  /** What was done, such as `a < b  →  a <= b`. */
  readonly change: string;
  readonly start: number;
  readonly end: number;
  readonly instead: string;
}

/** What a change says of a long piece of code. */
const MAX_SHOWN_LENGTH = 60;

const { SyntaxKind } = ts;

/** Operators, each with what is put in its place. */
const OPERATORS: ReadonlyMap<ts.SyntaxKind, string> = new Map([
  [SyntaxKind.LessThanToken, "<="],
  [SyntaxKind.LessThanEqualsToken, "<"],
  [SyntaxKind.GreaterThanToken, ">="],
  [SyntaxKind.GreaterThanEqualsToken, ">"],
  [SyntaxKind.EqualsEqualsEqualsToken, "!=="],
  [SyntaxKind.ExclamationEqualsEqualsToken, "==="],
  [SyntaxKind.AmpersandAmpersandToken, "||"],
  [SyntaxKind.BarBarToken, "&&"],
  [SyntaxKind.PlusToken, "-"],
  [SyntaxKind.MinusToken, "+"],
  [SyntaxKind.AsteriskToken, "/"],
  [SyntaxKind.SlashToken, "*"],
  [SyntaxKind.PercentToken, "*"],
  [SyntaxKind.AsteriskAsteriskToken, "*"],
  [SyntaxKind.AmpersandToken, "|"],
  [SyntaxKind.BarToken, "&"],
  [SyntaxKind.CaretToken, "|"],
  [SyntaxKind.PlusEqualsToken, "-="],
  [SyntaxKind.MinusEqualsToken, "+="],
  [SyntaxKind.BarEqualsToken, "&="],
  [SyntaxKind.PlusPlusToken, "--"],
  [SyntaxKind.MinusMinusToken, "++"],
]);
const EXTREMES: ReadonlyMap<string, string> = new Map([["min", "max"], ["max", "min"]]);

/** All breaks of a file, in its order. */
export function mutantsOf(file: string, text: string): Mutant[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const mutants: Mutant[] = [];
  const lineAt = (position: number) => source.getLineAndCharacterOfPosition(position).line + 1;
  const add = (node: ts.Node, instead: string, shown = node) => {
    const [start, end] = [node.getStart(source), node.getEnd()];
    if (text.slice(start, end) === instead) return;
    const [from, to] = [shown.getStart(source), shown.getEnd()];
    const unit = unitOf(node);
    const changed = text.slice(from, start) + instead + text.slice(end, to);
    mutants.push({
      file,
      line: lineAt(start),
      unit: [lineAt(unit.getStart(source)), lineAt(unit.getEnd())],
      change: instead === ";"
        ? `without ${inOneLine(text.slice(start, end))}`
        : `${inOneLine(text.slice(from, to))}  →  ${inOneLine(changed)}`,
      start,
      end,
      instead,
    });
  };
  const visit = (node: ts.Node): void => {
    if (saysNothingAtRunTime(node)) return;
    mutate(node, add);
    node.forEachChild(visit);
  };
  visit(source);
  return mutants.sort((a, b) => a.start - b.start);
}

/** @param add `shown` is what the change is shown with, if that is more than the node */
function mutate(node: ts.Node, add: (node: ts.Node, instead: string, shown?: ts.Node) => void) {
  const replaceOperator = (operator: ts.Node, kind: ts.SyntaxKind) => {
    const instead = OPERATORS.get(kind);
    if (instead !== undefined) add(operator, instead, node);
  };
  if (ts.isBinaryExpression(node)) {
    replaceOperator(node.operatorToken, node.operatorToken.kind);
    if (node.operatorToken.kind === SyntaxKind.QuestionQuestionToken) {
      add(node, node.left.getText());
    }
  } else if (ts.isPostfixUnaryExpression(node)) {
    add(node, node.operand.getText() + OPERATORS.get(node.operator));
  } else if (ts.isPrefixUnaryExpression(node)) {
    const other = OPERATORS.get(node.operator);
    const isStep = other === "++" || other === "--";
    add(node, isStep ? other + node.operand.getText() : node.operand.getText());
  } else if (ts.isIfStatement(node)) {
    add(node.expression, "true");
    add(node.expression, "false");
  } else if (ts.isWhileStatement(node) || ts.isDoStatement(node)) {
    add(node.expression, "false");
  } else if (ts.isForStatement(node) && node.condition !== undefined) {
    add(node.condition, "false");
  } else if (ts.isConditionalExpression(node)) {
    add(node.condition, "true");
    add(node.condition, "false");
  } else if (node.kind === SyntaxKind.TrueKeyword) {
    if (!isEntryOfNames(node)) add(node, "false");
  } else if (node.kind === SyntaxKind.FalseKeyword) {
    add(node, "true");
  } else if (ts.isNumericLiteral(node)) {
    add(node, String(Number(node.getText().replaceAll("_", "")) + 1));
  } else if (ts.isPropertyAccessExpression(node) && node.expression.getText() === "Math") {
    const instead = EXTREMES.get(node.name.text);
    if (instead !== undefined) add(node.name, instead, node.parent);
  } else if (ts.isReturnStatement(node) && node.expression !== undefined) {
    if (!isConstant(node.expression)) add(node.expression, "undefined", node);
  } else if (ts.isArrowFunction(node) && !ts.isBlock(node.body)) {
    if (!isConstant(node.body)) add(node.body, "undefined", node);
  } else if (isStep(node)) {
    add(node, ";");
  }
}

/** Types, and what is imported and exported. */
function saysNothingAtRunTime(node: ts.Node): boolean {
  return ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) || ts.isImportDeclaration(node) ||
    ts.isExportDeclaration(node);
}

/** A statement that can be left out, and the file still loads. */
function isStep(node: ts.Node): boolean {
  if (ts.isThrowStatement(node) || ts.isBreakOrContinueStatement(node)) return true;
  return ts.isExpressionStatement(node) &&
    !(ts.isCallExpression(node.expression) &&
      node.expression.expression.kind === SyntaxKind.SuperKeyword);
}

function isConstant(node: ts.Node): boolean {
  return ts.isIdentifier(node) && node.text === "undefined" || ts.isNumericLiteral(node) ||
    node.kind === SyntaxKind.TrueKeyword || node.kind === SyntaxKind.FalseKeyword;
}

/** Of `{ sink: true, level: true }` only the names are read: they are those of an options type. */
function isEntryOfNames({ parent }: ts.Node): boolean {
  return ts.isPropertyAssignment(parent) &&
    parent.parent.properties.every((property) =>
      ts.isSpreadAssignment(property) ||
      ts.isPropertyAssignment(property) && property.initializer.kind === SyntaxKind.TrueKeyword
    );
}

/** The member of a class that a node is in, or else what stands by itself in the file. */
function unitOf(node: ts.Node): ts.Node {
  let unit = node;
  while (!ts.isSourceFile(unit.parent) && !ts.isClassLike(unit.parent)) unit = unit.parent;
  return unit;
}

function inOneLine(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length <= MAX_SHOWN_LENGTH ? line : `${line.slice(0, MAX_SHOWN_LENGTH)}…`;
}

/** So many of a list, spread over it: always the same ones. */
export function sample<Item>(items: readonly Item[], count: number): readonly Item[] {
  if (items.length <= count) return items;
  return Array.from(
    { length: count },
    (_, index) => items[Math.floor((index + 0.5) * items.length / count)] as Item,
  );
}
