pub fn prints(word: &str) {
    println!("{word}");
    eprintln!("{word}");
    dbg!(word);
}

pub(crate) fn forgets(word: &str) {
    word.parse::<u8>();
}
