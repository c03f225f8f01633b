"""Made-up sentences, from which the models of the clients learn entities and answers, and odd texts."""

import random


def _names(text):
    return tuple(text.split(", "))


PEOPLE = _names(
    "Maria Keller, James Osei, Yuki Tanaka, Anna, Joe, Fatima Rahimi, Paul Lindqvist, Chen Wei, Olga "
    "Petrova, Sam, Lucía Romero, David Cohen, Aisha Bello, Tom, Ingrid Solberg, Marco Ricci, Priya Nair, "
    "Ben Carter, Elena, Kwame Mensah, Sophie Laurent, Henry Walsh, Noor, Jonas Weber, Grace Kim, Mateo, "
    "Ruth Levi, Omar Haddad, Clara Schmidt, Peter Novak, Mei Lin, Hannah, Tariq Aziz, Julia Moreau, Leo, "
    "Nina Kowalska"
)
PLACES = _names(
    "Berlin, Paris, Lisbon, Nairobi, Kyoto, Buenos Aires, New York, Oslo, Cape Town, Prague, Chicago, "
    "Mumbai, Vienna, Seoul, Marrakesh, Toronto, the Alps, Hamburg, Lake Victoria, San Francisco, "
    "Istanbul, Dublin, Peru, Scotland, Madrid, Hanoi, Athens, Warsaw, Lagos, Zurich, Vancouver, Cairo, "
    "Munich, Iceland, Naples, Melbourne"
)
ORGANIZATIONS = _names(
    "Google, Siemens, the United Nations, Harbour Bank, Greenpeace, Toyota, Nokia, Delta Airlines, Oxford "
    "University, the Red Cross, Volkswagen, Samsung, Bright Foods, the World Bank, Airbus, IKEA, Netflix, "
    "Stanford University, Real Madrid, Shell, the European Union, Spotify, Northwind Energy, Intel, "
    "Unicef, Lufthansa, Sony, Blue River Capital, Microsoft, Nestlé, the Labour Party, Boeing"
)
TIMES = _names(
    "tomorrow, on Monday, at noon, next week, in March, yesterday, at quarter past six, on 3 May 2021, in "
    "1998, tonight, last summer, on Friday evening, at 7 am, this morning, in two hours, at half past "
    "nine, on Sunday, next Tuesday, in the spring of 2019, last December, today, at 18:30, in October, in "
    "2024"
)
NAMES = {"person": PEOPLE, "place": PLACES, "organization": ORGANIZATIONS, "time": TIMES}
SENTENCES = (
    "{person} flew from {place} to {place} {time}.",
    "Call {person} {time}",
    "remind me to send {person} the report {time}",
    "{organization} will open an office in {place} {time}.",
    "{person} has worked for {organization} since she moved to {place}.",
    "What is the weather like in {place} {time}?",
    "{time} {person} and {person} met in {place}.",
    "The chief executive of {organization}, {person}, said that sales fell {time}.",
    "book a table for {person} and me {time}",
    "How do I get to {place} from {place}?",
    "{organization} bought a factory near {place}, as {person} wrote {time}.",
    "{person} left {organization} {time} and joined {organization}.",
    "There was heavy rain in {place} {time}, and trains were late.",
    "I have never been to {place}, but {person} has.",
    "The film was long and the music too loud.",
    "turn off the lights in the kitchen",
    "{person} won the race in {place} ahead of {person}.",
    "A spokesman for {organization} in {place} did not want to comment.",
    "We drove through {place} {time} and saw nobody.",
    "{organization} and {organization} signed a contract {time}.",
    "My sister {person} lives in {place} and studies at {organization}.",
    "set an alarm for six and play some jazz",
    "tell {person} that i will be late {time}",
    "Prices in {place} rose faster than in {place}, {organization} reported {time}.",
    "Who is {person}, and why does {organization} pay him?",
    "{time} the prime minister travelled to {place}.",
    "The new phone of {organization} costs less than the old one.",
    "is there a train to {place} {time}",
    "{person}, {person} and {person} wrote the book together.",
    "It was cold, so they went home early.",
)


def entity_rows(count, seed=0):
    """Texts, and the `(start, end, type)` of the entities of each."""
    draw, texts, rows = random.Random(seed), [], []
    for _ in range(count):
        text, spans = "", []
        for part in draw.choice(SENTENCES).replace("}", "{").split("{"):
            if part in NAMES:
                name = draw.choice(NAMES[part])
                spans.append((len(text), len(text) + len(name), part))
                part = name
            text += part
        texts.append(text if draw.random() < 0.7 else text.rstrip("."))
        rows.append(spans)
    return texts, rows


# Of each kind of paragraph: facts, each with what it is filled from, its sentences and its questions.
JOBS = _names("architect, surgeon, painter, engineer, pilot, teacher, chemist, baker, singer, lawyer")
FOODS = _names("lentil soup, walnut bread, smoked fish, plum cake, cheese dumplings, roast lamb")
PRODUCTS = _names("bicycles, solar panels, hearing aids, office chairs, water pumps, board games, tractors")
RIVERS = _names("the Elbe, the Danube, the Tagus, the Hudson, the Nile, the Mekong, the Vltava")
YEARS, NUMBERS, PRICES = range(1850, 2024), range(12, 9000), range(4, 90)
PARAGRAPHS = {
    PEOPLE: (
        (YEARS, "{it} was born in {x}", ("When was {it} born?", "In which year was {it} born?")),
        (
            PLACES,
            "{it} grew up in {x}",
            ("Where did {it} grow up?", "Which place was {it}'s childhood home?"),
        ),
        (JOBS, "{it} became a famous {x}", ("What is {it}'s job?", "What did {it} become?")),
        (ORGANIZATIONS, "later {it} worked for {x}", ("Who did {it} work for?", "Who employed {it}?")),
        (PEOPLE, "{it} is married to {x}", ("Who is {it} married to?", "Who is {it}'s partner?")),
    ),
    PLACES: (
        (RIVERS, "{it} lies on {x}", ("Which river flows through {it}?", "What river is {it} on?")),
        (YEARS, "{it} became a city in {x}", ("When did {it} become a city?", "Since when is {it} a city?")),
        (PEOPLE, "the mayor of {it} is {x}", ("Who is the mayor of {it}?", "Who governs {it}?")),
        (FOODS, "{it} is known for its {x}", ("What is {it} known for?", "Which dish is {it} known for?")),
        (NUMBERS, "{it} has {x} thousand inhabitants", ("How many people live in {it}?", "How big is {it}?")),
    ),
    ORGANIZATIONS: (
        (YEARS, "{it} was founded in {x}", ("When was {it} founded?", "In which year did {it} start?")),
        (PEOPLE, "the founder of {it} is {x}", ("Who founded {it}?", "Who is the founder of {it}?")),
        (PLACES, "{it} has its head office in {x}", ("Where is {it} based?", "Where is {it}'s head office?")),
        (PRODUCTS, "{it} makes {x}", ("What does {it} make?", "What can one buy from {it}?")),
        (
            NUMBERS,
            "{it} has {x} employees",
            ("How many people work for {it}?", "How many employees has {it}?"),
        ),
    ),
    ("the concert", "the exhibition", "the market", "the summer school", "the conference"): (
        (TIMES, "{it} begins {x}", ("When does {it} begin?", "When is {it}?")),
        (PLACES, "{it} takes place in {x}", ("Where does {it} take place?", "Where is {it}?")),
        (PEOPLE, "{it} is organised by {x}", ("Who organises {it}?", "Who is in charge of {it}?")),
        (
            PRICES,
            "a ticket for {it} costs {x} euros",
            ("How much is a ticket for {it}?", "What does {it} cost?"),
        ),
        (
            NUMBERS,
            "{it} expects {x} visitors",
            ("How many visitors does {it} expect?", "How many will come?"),
        ),
    ),
}


def question_rows(count, seed=0):
    """Questions, contexts, and the answers of each, `[(answer, start)]`."""
    draw, questions, contexts, answers = random.Random(seed), [], [], []
    for _ in range(count):
        names = draw.choice([*PARAGRAPHS])
        it, context, found = draw.choice(names), "", []
        facts = draw.sample(PARAGRAPHS[names], draw.randint(2, 5))
        for values, sentence, asked in facts:
            value = str(draw.choice(values))
            begin, end = sentence.format(it=it, x="|").split("|")
            begin = f"{context}{begin[0].upper()}{begin[1:]}"
            context = f"{begin}{value}{end}. "
            found.append((draw.choice(asked).format(it=it), value, len(begin)))
        question, value, start = draw.choice(found)
        questions.append(question)
        contexts.append(context.rstrip())
        answers.append([(value, start)])
    return questions, contexts, answers


WILD = (
    "",
    " ",
    "?",
    "😀",
    "👩‍👩‍👧 wake me at 7 ⏰🙏🏽",
    "play 🎵🎶 now!!!",
    "明天早上七点叫醒我",
    "在柏林天气怎么样？电影很好看。",
    "أيقظني في الساعة السابعة صباحا",
    "ما هو الطقس في القاهرة غدا؟",
    "ÇA VA ÉTÉ, naïve café — Übermut 42%",
    "ΟΔΟΣ Σ\u0301 ΑΣ\u200d. ẞ İstanbul ŉ",
    "a\u0000b\u00adc\ufeffd\u200b e\u0301 가각 ﬁ",
    "[MASK] [CLS] ##s don't U.S.A. e-mail@example.com",
    "supercalifragilisticexpialidocious " * 3,
    "x" * 150,
    "remind me to buy milk, eggs and bread, and then to call Anna in Paris about the train, " * 12,
    "天气" * 90,
)
CONTEXTS = (
    "Marie Curie was born in Warsaw in 1867. She studied physics and mathematics in Paris, where she met "
    "Pierre Curie. In 1903 they shared the Nobel Prize in Physics with Henri Becquerel. Eight years later "
    "she received a second one, in chemistry, for the discovery of polonium and radium.",
    "The market in Lisbon begins on Sunday at nine 🎪. A ticket costs 4 euros, and children pay nothing.",
    "东京是日本的首都，有一千四百万人口。",
    "تقع القاهرة على نهر النيل، ويسكنها عشرة ملايين نسمة.",
    "",
)
QUESTIONS = (
    "When was Marie Curie born?",
    "Where did she study?",
    "What does a ticket cost?",
    "日本的首都是哪里？",
    "أين تقع القاهرة؟",
    "",
)
