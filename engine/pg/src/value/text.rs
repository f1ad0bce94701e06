use std::borrow::Cow;

use crate::decode::{DecodeError, Reason};
use crate::types::{Field, Kind, Type};

/// What the server allows.
const MAX_DIMENSIONS: usize = 6;

/// An array as text: `{1,"a b",NULL}`, or `[2:3]={1,2}` when it does not begin at 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TextArray<'a> {
    ty: &'a Type,
    element: &'a Type,
    text: &'a str,
    body: &'a str,
    delimiter: u8,
}

impl<'a> TextArray<'a> {
    pub(crate) fn read(ty: &'a Type, element: &'a Type, delimiter: u8, text: &'a str) -> Result<Self, DecodeError> {
        let body = match text.strip_prefix('[') {
            Some(_) => text.split_once('=').map(|(_, body)| body),
            None => Some(text),
        };
        let body = body.ok_or_else(|| DecodeError::new(ty, Reason::Short))?;
        let array = Self { ty, element, text, body, delimiter };
        array.measure()?;
        Ok(array)
    }

    /// All of it.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// The type of its elements.
    pub fn element(&self) -> &'a Type {
        self.element
    }

    /// The length of each dimension, the outermost first; none of an empty array.
    pub fn lengths(&self) -> Vec<usize> {
        self.measure().unwrap_or_default()
    }

    /// The text of each element of all dimensions, null as `None`.
    pub fn elements(&self) -> TextItems<'a> {
        TextItems { tokens: Tokens { rest: self.body, delimiter: self.delimiter }, ty: self.ty, done: false }
    }

    /// Walks the braces: they have to be closed, and every one of a depth has to hold as many.
    fn measure(&self) -> Result<Vec<usize>, DecodeError> {
        let fail = |what| DecodeError::new(self.ty, Reason::Malformed(what));
        let mut tokens = Tokens { rest: self.body, delimiter: self.delimiter };
        // How many were met in each brace that is open, and how many there are in one of each depth.
        let mut open: Vec<usize> = Vec::new();
        let mut lengths: Vec<Option<usize>> = Vec::new();
        let mut elements_at = None;
        loop {
            let token = tokens.next_token().ok_or_else(|| DecodeError::new(self.ty, Reason::Short))?;
            match token {
                Token::Open => {
                    if let Some(count) = open.last_mut() {
                        *count += 1;
                    }
                    open.push(0);
                    if open.len() > MAX_DIMENSIONS || elements_at.is_some_and(|depth| open.len() > depth) {
                        return Err(DecodeError::new(self.ty, Reason::Dimensions));
                    }
                    if lengths.len() < open.len() {
                        lengths.push(None);
                    }
                }
                Token::Item(_) => {
                    // Not where braces were met that stand deeper.
                    if *elements_at.get_or_insert(lengths.len()) != open.len() {
                        return Err(DecodeError::new(self.ty, Reason::Dimensions));
                    }
                    *open.last_mut().ok_or_else(|| fail("element outside its braces"))? += 1;
                }
                Token::Close => {
                    let count = open.pop().ok_or_else(|| fail("brace"))?;
                    let expected = lengths.get_mut(open.len()).ok_or_else(|| fail("brace"))?;
                    if *expected.get_or_insert(count) != count {
                        return Err(DecodeError::new(self.ty, Reason::Dimensions));
                    }
                    if open.is_empty() {
                        break;
                    }
                }
            }
        }
        if !tokens.rest.is_empty() {
            return Err(DecodeError::new(self.ty, Reason::Trailing));
        }
        let lengths: Vec<usize> = lengths.into_iter().flatten().collect();
        Ok(if lengths.contains(&0) { Vec::new() } else { lengths })
    }
}

/// The texts of an array's elements, or of a row's columns.
#[derive(Debug, Clone)]
pub struct TextItems<'a> {
    tokens: Tokens<'a>,
    ty: &'a Type,
    done: bool,
}

impl<'a> Iterator for TextItems<'a> {
    type Item = Result<Option<Cow<'a, str>>, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.done && !self.tokens.rest.is_empty() {
            match self.tokens.next_token() {
                Some(Token::Item(item)) => return Some(Ok(item)),
                Some(Token::Open | Token::Close) => {}
                None => {
                    self.done = true;
                    return Some(Err(DecodeError::new(self.ty, Reason::Short)));
                }
            }
        }
        None
    }
}

enum Token<'a> {
    Open,
    Close,
    Item(Option<Cow<'a, str>>),
}

#[derive(Debug, Clone)]
struct Tokens<'a> {
    rest: &'a str,
    delimiter: u8,
}

impl<'a> Tokens<'a> {
    fn next_token(&mut self) -> Option<Token<'a>> {
        let delimiter = char::from(self.delimiter);
        self.rest = self.rest.trim_start_matches(|c: char| c == delimiter || c.is_ascii_whitespace());
        let first = self.rest.as_bytes().first()?;
        match first {
            b'{' | b'}' => {
                self.rest = self.rest.get(1..)?;
                Some(if *first == b'{' { Token::Open } else { Token::Close })
            }
            b'"' => {
                self.rest = self.rest.get(1..)?;
                let end = self.end_of(|byte| byte == b'"')?;
                let (item, rest) = self.rest.split_at_checked(end)?;
                self.rest = rest.get(1..)?;
                Some(Token::Item(Some(unescaped(item))))
            }
            _ => {
                let end = self.end_of(|byte| byte == self.delimiter || byte == b'}' || byte == b'{')?;
                let (item, rest) = self.rest.split_at_checked(end)?;
                self.rest = rest;
                let item = item.trim_end_matches(|c: char| c.is_ascii_whitespace());
                Some(Token::Item(if item.eq_ignore_ascii_case("null") { None } else { Some(unescaped(item)) }))
            }
        }
    }

    /// Where the first such byte stands that no backslash precedes. All are ASCII: it is a character's place too.
    fn end_of(&self, ends: impl Fn(u8) -> bool) -> Option<usize> {
        let mut escaped = false;
        self.rest.bytes().position(|byte| {
            let ends = !escaped && ends(byte);
            escaped = !escaped && byte == b'\\';
            ends
        })
    }
}

fn unescaped(item: &str) -> Cow<'_, str> {
    if !item.contains('\\') {
        return Cow::Borrowed(item);
    }
    let mut text = String::with_capacity(item.len());
    let mut characters = item.chars();
    while let Some(character) = characters.next() {
        text.extend(if character == '\\' { characters.next() } else { Some(character) });
    }
    Cow::Owned(text)
}

/// A row as text: `(1,"a ""b""",)`. It travels so when a column has no binary form that is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TextComposite<'a> {
    ty: &'a Type,
    text: &'a str,
    body: &'a str,
}

impl<'a> TextComposite<'a> {
    pub(crate) fn read(ty: &'a Type, text: &'a str) -> Result<Self, DecodeError> {
        match text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
            Some(body) => {
                let row = Self { ty, text, body };
                let (came, expected) = (row.columns().count(), row.fields().len());
                if came == expected { Ok(row) } else { Err(DecodeError::new(ty, Reason::Columns(came, expected))) }
            }
            None => Err(DecodeError::new(ty, Reason::Malformed("bracket"))),
        }
    }

    /// All of it.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// The columns that its type has.
    pub fn fields(&self) -> &'a [Field] {
        match &self.ty.base().kind {
            Kind::Composite(fields) => fields,
            _ => &[],
        }
    }

    /// The text of each column, null as `None`.
    pub fn columns(&self) -> impl Iterator<Item = Option<Cow<'a, str>>> + use<'a> {
        let mut rest = Some(self.body).filter(|_| !self.fields().is_empty());
        std::iter::from_fn(move || {
            let (item, after) = column(rest?);
            rest = after;
            Some(item)
        })
    }
}

/// The column at the front of a row's text, and what follows its comma.
fn column(text: &str) -> (Option<Cow<'_, str>>, Option<&str>) {
    let mut quoted = false;
    let mut escaped = false;
    let end = text.bytes().position(|byte| {
        let ends = byte == b',' && !quoted && !escaped;
        quoted ^= byte == b'"' && !escaped;
        escaped = !escaped && byte == b'\\';
        ends
    });
    let (item, rest) = match end.and_then(|end| text.split_at_checked(end)) {
        Some((item, rest)) => (item, rest.get(1..)),
        None => (text, None),
    };
    let item = match item {
        "" => None,
        _ if !item.contains(['"', '\\']) => Some(Cow::Borrowed(item)),
        _ => Some(Cow::Owned(unquoted(item))),
    };
    (item, rest)
}

/// Quotes stand around parts of it; a doubled one inside them, or any character after a backslash, is meant itself.
fn unquoted(item: &str) -> String {
    let mut text = String::with_capacity(item.len());
    let mut quoted = false;
    let mut characters = item.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' => text.extend(characters.next()),
            '"' if quoted && characters.peek() == Some(&'"') => text.extend(characters.next()),
            '"' => quoted = !quoted,
            _ => text.push(character),
        }
    }
    text
}
