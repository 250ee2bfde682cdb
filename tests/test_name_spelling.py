"""Spellings of names, as the published tables and the habits of several countries have them."""

# ruff: noqa: RUF001  letters of both scripts are meant

import unicodedata

import pandas as pd
import pytest

from estimation.errors import UsageError
from estimation.linkage.spelling import canonical, sound_key, split_name


def spelled(*names):
    return canonical(pd.Series(names, dtype="str")).tolist()


#: Cyrillic; ICAO 9303; BGN/PCGN; State Standard 7.79 B; ISO 9; DIN 1460; German; other habits.
TRANSLITERATIONS = """
Юрий Iurii Yuriy Yurij Ûrij Jurij Juri Yuri
Хрущёв Khrushchev Khrushchëv Xrushhyov Hruŝëv Chruščëv Chruschtschow Khrouchtchev
Сергей Sergei Sergey Sergej Sergej Sergej Sergej Serguei
Дмитрий Dmitrii Dmitriy Dmitrij Dmitrij Dmitrij Dmitri Dimitry
Алексей Aleksei Aleksey Aleksej Aleksej Aleksej Alexej Alexey
Михаил Mikhail Mikhail Mixail Mihail Michail Michail Mikhaïl
Жуков Zhukov Zhukov Zhukov Žukov Žukov Zhukow Joukov
Щербаков Shcherbakov Shcherbakov Shherbakov Ŝerbakov Ščerbakov Schtscherbakow Scherbakov
Чернов Chernov Chernov Chernov Černov Černov Tschernow Tchernov
Кузнецов Kuznetsov Kuznetsov Kuzneczov Kuznecov Kuznecov Kusnezow Kuznetsoff
Соловьёв Solovev Solov'yëv Solov`yov Solovʹëv Solovʹëv Solowjow Soloviev
Фёдор Fedor Fëdor Fyodor Fëdor Fëdor Fjodor Fiodor
Евгений Evgenii Yevgeniy Evgenij Evgenij Evgenij Jewgeni Evgueni
Григорий Grigorii Grigoriy Grigorij Grigorij Grigorij Grigori Grigory
Шевченко Shevchenko Shevchenko Shevchenko Ševčenko Ševčenko Schewtschenko Shevtchenko
Высоцкий Vysotskii Vysotskiy Vysoczkij Vysockij Vysockij Wyssozki Vysotsky
Ксения Kseniia Kseniya Kseniya Kseniâ Ksenija Xenia Ksenia
Татьяна Tatiana Tat'yana Tat`yana Tatʹâna Tatʹjana Tatjana Tatyana
Людмила Liudmila Lyudmila Lyudmila Lûdmila Ljudmila Ljudmila Ludmila
Яковлев Iakovlev Yakovlev Yakovlev Âkovlev Jakovlev Jakowlew Yakovlev
Илья Ilia Il'ya Il`ya Ilʹâ Ilʹja Ilja Ilya
Подъячев Podieiachev Podyachev Podyachev Podʺâčev Podʺjačev Podjatschew Podiachev
Цыганов Tsyganov Tsyganov Cyganov Cyganov Cyganov Zyganow Tziganov
Сергеевич Sergeevich Sergeyevich Sergeevich Sergeevič Sergeevič Sergejewitsch Serguéïevitch
""".strip().splitlines()  # fmt: skip

#: The German Z of names stands for another letter in most lists.
NOT_THE_SAME = {"Zyganow"}


@pytest.mark.parametrize("line", TRANSLITERATIONS, ids=lambda line: line.split()[-1])
def test_one_name_in_eight_transliterations_is_one_text(line):
    words = [word for word in line.split() if word not in NOT_THE_SAME]
    composed = spelled(*words, *(unicodedata.normalize("NFD", word) for word in words))
    assert composed[0].isascii()
    assert composed == [composed[0]] * len(composed)
    assert spelled(*composed[:1]) == composed[:1]
    shouted = spelled(*(f" {word.upper()}\u00a0" for word in words))
    assert shouted == [composed[0]] * len(words)


@pytest.mark.parametrize(
    "line",
    [
        "Григорій Hryhorii Hryhoriy Grygorij", "Олег Oleh Oleg", "Шевчук Shevchuk Szewczuk",
        "Київський Kyivskyi Kyyivs'kyy", "Єгор Yehor Iehor Єгор", "Богдан Bohdan Bogdan",
        "Ковальов Ковалёв Ковалев Kovalyov Kovaliov", "Ахмед Akhmed Ahmed Achmed",
        "Чорний Черный Chornyi Chernyy", "Петров-Водкин Petrov\u2011Vodkin Petrov-Wodkin",
        "Наталья Наталия Natalia", "Филипп Philipp Filip", "Cоколов Соколов Sokolov",
        "Седых Sedykh Sedyh", "Рахманинов Rachmaninoff Rakhmaninov", "Оксана Oxana Oksana",
        "Гончаров Goncarov", "Вячеслав Vjaceslav", "Чернов Cernov", "Фомич Fomic",
    ],
)  # fmt: skip
def test_habits_and_ukrainian_letters_are_one_text(line):
    assert len(set(spelled(*line.split()))) == 1


def test_a_letter_of_the_other_script_is_mended():
    assert spelled("Iv\u0430nov", "\u0418\u0432aн\u043e\u0432") == spelled("Иванов", "Ivanov")


@pytest.mark.parametrize(
    "pair",
    [
        "Иванов Иванова", "Шаров Жаров", "Шаров Саров", "Чернов Черков", "Зимин Симин",
        "Орлов Орлова", "Александр Александра", "Сергей Сергий", "Белов Белый", "Жуков Зуков",
        "Цаплин Чаплин", "Котов Кутов", "Юрин Урин", "Лапин Лямин", "Мальцев Малышев",
        "Маринин Марин", "Евгений Евгения", "Янов Жанов", "Титов Дитов", "Анна Аня", "Павел Павлов",
    ],
)  # fmt: skip
def test_different_names_stay_different(pair):
    one, other = spelled(*pair.split())
    assert one != other


def test_other_scripts_and_missing_values_are_kept():
    names = pd.Series(["გიორგი", "王 伟", "ＡＢ Ç", None, "", "ь"], index=[5, 3, 1, 9, 7, 2])
    found = canonical(names)
    assert found.index.tolist() == [5, 3, 1, 9, 7, 2]
    assert found.tolist() == ["გიორგი", "王 伟", "ab ch", "", "", "ь"]
    assert sound_key(names).tolist()[:2] == ["გიორგი", "王 伟"]


def test_sounds_join_what_spelling_errors_part():
    def key(*names):
        return set(sound_key(pd.Series(names)))

    assert len(key("Кузнецов", "Кузнецова", "Кузницов", "Kusnetsof")) == 1
    assert len(key("Алексеенко", "Олексиенко", "Alekseyenko")) == 1
    assert len(key("Захаров", "Sacharow", "Сагаров")) == 1
    assert len(key("Достоевский", "Достоевская", "Dostojevski")) == 1
    assert len(key("Иванов", "Петров", "Сидоров", "Иваненко", "Егоров")) == 5
    names = pd.Series(["Хрущёв Юрий", "Жуков", "Щербакова"])
    assert sound_key(canonical(names)).tolist() == sound_key(names).tolist()


@pytest.mark.parametrize(
    ("name", "order", "parts"),
    [
        ("Алов Олег Ильич", "surname first", ("Алов", "Олег", "Ильич")),
        ("Алов Олег Ильич", "given first", ("Алов", "Олег", "Ильич")),
        ("Олег Ильич Алов", "surname first", ("Алов", "Олег", "Ильич")),
        ("Oleg Il'yich Petrovich", "given first", ("Petrovich", "Oleg", "Il'yich")),
        ("Егорович Олег Петрович", "given first", ("Егорович", "Олег", "Петрович")),
        ("Олег Петрович", "surname first", ("", "Олег", "Петрович")),
        ("Oleg Petrovich", "given first", ("Petrovich", "Oleg", "")),
        ("Анна Сергеевна", "given first", ("", "Анна", "Сергеевна")),
        ("Ковалюк Ганна Андріївна", "given first", ("Ковалюк", "Ганна", "Андріївна")),
        ("Алов Олег", "surname first", ("Алов", "Олег", "")),
        ("Oleg Alov", "given first", ("Alov", "Oleg", "")),
        ("Oleg ALOV", "surname first", ("ALOV", "Oleg", "")),
        ("Алов О.И.", "surname first", ("Алов", "О", "И")),
        ("О. И. Алов", "surname first", ("Алов", "О", "И")),
        ("Алов Олег И.", "given first", ("Алов", "Олег", "И")),
        ("Alov, Oleg Sergeevich", "given first", ("Alov", "Oleg", "Sergeevich")),
        ("Alov, Oleg", "given first", ("Alov", "Oleg", "")),
        ("Алов - Орлин Олег Ильич", "surname first", ("Алов-Орлин", "Олег", "Ильич")),
        ("Алов Орлин Олег Ильич", "surname first", ("Алов Орлин", "Олег", "Ильич")),
        ("Алиев Эльдар Гасан оглы", "surname first", ("Алиев", "Эльдар", "Гасан оглы")),
        ("Aliev Eldar Hasan-ogly", "given first", ("Aliev", "Eldar", "Hasan-ogly")),
        ("Bolat Serikuly Alimov", "surname first", ("Alimov", "Bolat", "Serikuly")),
        ("Алиева Лейла Гасан кызы", "surname first", ("Алиева", "Лейла", "Гасан кызы")),
        ("van der Berg Karl", "surname first", ("van der Berg", "Karl", "")),
        ("Алов", "given first", ("Алов", "", "")),
        ("王 伟", "surname first", ("王", "伟", "")),
        ("", "surname first", ("", "", "")),
    ],
)
def test_whole_names_are_taken_apart(name, order, parts):
    frame = split_name(pd.Series([name], index=[4], dtype="str"), order)
    assert tuple(frame.loc[4]) == parts
    assert frame.columns.tolist() == ["surname", "given", "patronymic"]


def test_an_order_that_is_none_is_refused():
    with pytest.raises(UsageError, match="did you mean 'given first'"):
        split_name(pd.Series(["A B"]), "given-first")  # type: ignore[arg-type]


def test_no_name_stays_in_memory():
    from estimation.linkage.transliteration import canonical_word

    for work in (canonical, sound_key, split_name):
        work(pd.Series(["Алов Олег Ильич"]))
        assert canonical_word.cache_info().currsize == 0
