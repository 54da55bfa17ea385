/** Makes a text safe to print: control characters, bidirectional overrides, zero-width characters and lone surrogates are written out as \u{…}; line breaks and tabs stay. */
export function visible(text: string): string {
  return text.replace(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
    (character) => `\\u{${character.charCodeAt(0).toString(16)}}`,
  );
}
