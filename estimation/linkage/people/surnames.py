"""Surnames: roots by endings, as frequent as surnames are.

The commonest are facts of frequency; the tens of thousands of rare ones are put together by rule.
"""

# ruff: noqa: RUF001 -- letters that look alike are what this is about
from __future__ import annotations

import dataclasses
import functools

import numpy as np
from numpy.typing import NDArray

from estimation.linkage.people.given_names import PEOPLES, Texts, given_names, places_drawn
from estimation.randomness import stream

#: In the order of their frequency.
_COMMONEST = """
иванов смирнов кузнецов попов васильев петров соколов михайлов новиков федоров морозов волков
алексеев лебедев семенов егоров павлов козлов степанов николаев орлов андреев макаров никитин
захаров зайцев соловьёв борисов яковлев григорьев романов воробьёв сергеев кузьмин фролов
александров дмитриев королёв гусев киселёв ильин максимов поляков сорокин виноградов ковалёв белов
медведев антонов тарасов жуков баранов филиппов комаров давыдов беляев герасимов богданов осипов
сидоров матвеев титов марков миронов крылов куликов карпов власов мельников денисов гаврилов
тихонов казаков афанасьев данилов савельев тимофеев фомин чернов абрамов мартынов ефимов федотов
щербаков назаров калинин исаев чернышёв быков маслов родионов коновалов лазарев воронин климов
филатов пономарев голубев кудрявцев прохоров наумов потапов журавлёв овчинников трофимов леонов
соболев ермаков колесников гончаров емельянов никифоров грачев котов гришин ефремов архипов
шевченко бондаренко ткаченко кравченко коваленко олейник мельник бойко шевчук ковальчук кравчук
"""

#: Stems of trades, animals, plants, things, qualities and old given names.
_STEMS = """
бар гор лес вол кот бор мор дуб руд лом сок рог рыж бел черн красн син зелен сер желт кос крив прям
глух нем лыс бород ус нос глаз ух губ зуб рук ног голов шап каф шуб сапож лапт пуг ремен сед уз кол
хомут серп топор молот пил гвозд замк ключ ворот окн печ труб кирп камен песч глин болот озер реч
мост брод остр луг пол степ холм овраг яр берез осин лип клен ел сосн калин рябин малин смород груш
яблок вишн слив реп ред морк капуст лук чесн горох боб греч овс пшен жит мук хлеб калач блин пирог
кваш киш солод мед пив вин водк квас молок сыр масл сал рыб щук карас ерш окун лещ налим сом карп
рак бык телят овч баран козл кон жереб кобыл кур петух гус утк голуб ворон сорок сокол ястреб орл
сыч
филин дрозд скворц синиц зябл чиж щегл журавл лебед аист цапл кулик волк лис зай медвед бобр хорь
барсук куниц еж белк сусл мыш крот жук мух комар оса пчел шмел мурав блох паук клоп сверч кузнеч
плотн столяр бондар гончар ткач портн шорн кож скорн мельн пекар мясн рыбак охот лов пастух кон
сторож стрел солдат казач есаул атам воев княз бояр двор крест холоп поп дьяк понам звон монах игум
богомол палом скомор гусел дуд волын писар грам подьяч целов сотн десят старост голов мирон
богат бедн сух мокр тих быстр смел добр лих зл умн мудр глуп хитр весел груст смех плак крик молч
говор шум тужил нежд ждан перв втор трет четверт пят шест сем девят мал больш долг корот толст тонк
худ сил слаб мороз зим весн лет осен снег мет вьюг дожд ветр бур гром туман рос солнц звезд мес
пятн субот середин вторн понед ноч ден утр вечер полун заозер залес подгор заруч нагор замят
акс ант арт аф бажен борис бул вас вал влас гавр гер глеб гриш дан дем дор евс егор елис емел ерм
ефр
зах зин игн изот ипат кир клим конд корн куз лавр лар леон лук мак марк март матв мил мит мих мос
наз наум ник ос пав пант парф пах петр пим плат пот прок прох род ром сав сам сев сид сил степ тар
тер тим тит тих троф ул уст фад фед фил флор фом фрол хар худ юр яким яков ян
"""

#: In the order of their frequency.
_ENDINGS = """ов ин ков кин ев ский ников енко иков анов чиков ук ушкин овский чук ухин унов ачев
инский аков цев арев ышев енков алов янов уков отов ичев аев онков ищев ых их овец ьев ец ило ко
як юк ыга"""  # fmt: skip

_BEGINNINGS = """бело черно красно ново старо криво косо добро злато серо сухо пусто мало велико
право лево миро бого благо верхо мясо водо зелено долго широко голо много скоро трех полу"""
_FEW_ENDINGS = ("ов", "ин", "ский", "енко", "ев", "ых")

#: Stems that nobody bears are put together from these: the long tail of rare surnames.
_ONSETS = """б бр в вл г гл гр д др ж з зв зл к кл кр л м мл н п пл пр р с св сл см сн ст стр т тр
ф х хв хл ц ч ш шк шл щ"""
_VOWELS = "а о у е и ы"
_CODAS = "б в г д ж з к л м н п р с т х ч ш рк рт лк нд ст сл гл мп рд лт"
_INVENTED = 9_000

_ENDINGS_OF_PEOPLES = {
    "tatar": ("ов", "ин", "ев", "уллин", "янов", "етдинов", "баев"),
    "caucasian": ("ов", "ев", "гаджиев", "алиев", "мурзаев", "ханов", "бегов"),
    "buryat": ("ов", "ев", "он", "эев", "жапов", "гаров", "оол"),
}

#: Ranks are moved by so much before frequencies fall with them: the commonest holds 1 %.
_RANK_SHIFT = 9.0

#: So many of the surnames that rules can make are borne.
_MOST = 90_000


@dataclasses.dataclass(frozen=True, eq=False)
class Surnames:
    """All surnames in small Cyrillic letters; persons hold places in these arrays.

    Parameters
    ----------
    men, women : (n_surname,) texts
        Both forms.
    people : (n_surname,) integers
        Place in `PEOPLES` of the people that bears it.
    weight : (n_surname,) floats
        How often it is borne.
    """

    men: Texts
    women: Texts
    people: NDArray[np.int64]
    weight: NDArray[np.float64]

    def drawn(self, people: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
        """Return places of surnames drawn for families of peoples, (n_family,)."""
        found = np.zeros(len(people), dtype=np.int64)
        position = rng.random(len(people))
        for group in range(len(PEOPLES)):
            rows = np.flatnonzero(people == group)
            names = np.flatnonzero(self.people == group)
            found[rows] = names[places_drawn(self.weight[names], position[rows])]
        return found


def of_woman(surname: str) -> str:
    """Return the form of a surname that women bear."""
    if surname.endswith(("ский", "цкий", "ой", "ый")):
        return surname[:-2] + "ая"
    return surname + "а" if surname.endswith(("ов", "ев", "ин", "ын")) else surname


def _joined(stem: str, ending: str) -> str:
    """Return stem and ending as Russian spelling joins them."""
    if stem[-1] == "ь" and ending[0] in "аеиоуыюя":
        stem, ending = stem[:-1], "ев" if ending == "ов" else ending
    if stem[-1] in "гкхжчшщ" and ending[0] == "ы":
        ending = "и" + ending[1:]
    elif stem[-1] in "жчшщц" and ending[0] in "юя":
        ending = {"ю": "у", "я": "а"}[ending[0]] + ending[1:]
    return stem[:-1] + ending if stem[-1] == ending[0] and ending[0] in "аеиоуь" else stem + ending


def _russian(rng: np.random.Generator) -> list[str]:
    """Return surnames from the commonest to the rarest."""
    stems, endings = list(dict.fromkeys(_STEMS.split())), _ENDINGS.split()
    simple = [(_joined(stem, ending), np.log(1 + i) + 1.5 * np.log(1 + j))
              for i, stem in enumerate(stems) for j, ending in enumerate(endings)]  # fmt: skip
    invented = [(_joined(stem, ending), 6 + 0.5 * np.log(1 + j))
                for stem in _invented(rng) for j, ending in enumerate(_FEW_ENDINGS)]  # fmt: skip
    compounds = [(_joined(first + stem, ending), 8.5 + 0.5 * np.log(1 + i) + 0.5 * np.log(1 + j))
                 for i, first in enumerate(_BEGINNINGS.split()) for stem in stems
                 for j, ending in enumerate(_FEW_ENDINGS)]  # fmt: skip
    made = simple + invented + compounds
    rank = np.array([score for _, score in made]) + rng.gumbel(size=len(made))
    rarer = (made[place][0] for place in np.argsort(rank)[:_MOST])
    return list(dict.fromkeys([*_COMMONEST.split(), *rarer]))


def _invented(rng: np.random.Generator) -> list[str]:
    """Return stems of one or two syllables, most of two."""
    onsets, vowels, codas = _ONSETS.split(), _VOWELS.split(), _CODAS.split()
    found = []
    for two in rng.random(_INVENTED) < 0.85:
        stem = rng.choice(onsets) + rng.choice(vowels) + rng.choice(codas)
        found.append(stem + rng.choice(vowels) + rng.choice(codas) if two else stem)
    return found


def _of_people(people: str, rng: np.random.Generator) -> list[str]:
    """Return surnames made from the given names of a people, from the commonest to the rarest."""
    names = given_names()
    mine = np.flatnonzero((names.people == PEOPLES.index(people)) & ~names.of_women)
    made = []
    for name in mine:
        spelled = names.spelled[name]
        for rank_of_ending, ending in enumerate(_ENDINGS_OF_PEOPLES[people]):
            if spelled[-1] in "аиоу" and ending == "ов":
                continue  # such names take -ev and keep their vowel
            keeps = ending == "ев" and spelled[-1] in "аи"
            stem = spelled if keeps else spelled.rstrip("аеиоуыьэя")
            often = np.log(names.weight_of_fathers[name])
            made.append((_joined(stem, ending), 2 * np.log(1 + rank_of_ending) - often))
    rank = np.array([score for _, score in made]) + rng.gumbel(size=len(made))
    return list(dict.fromkeys(made[place][0] for place in np.argsort(rank)))


@functools.cache
def surnames() -> Surnames:
    """Return all surnames; they are the same in every world."""
    men: list[str] = []
    people: list[NDArray[np.int64]] = []
    weight: list[NDArray[np.float64]] = []
    for place, name in enumerate(PEOPLES):
        rng = stream(0, "people", "surnames", name)
        made = _russian(rng) if name == "russian" else _of_people(name, rng)
        men += made
        people.append(np.full(len(made), place))
        weight.append(1 / (np.arange(len(made)) + 1 + _RANK_SHIFT))
    return Surnames(
        np.array(men, dtype=object), np.array([of_woman(name) for name in men], dtype=object),
        np.concatenate(people), np.concatenate(weight),
    )  # fmt: skip
