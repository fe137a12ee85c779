//! The word lists. A stem ending in `-` also matches with up to three more letters; others match whole.
//! Russian stems are written with `е` for `ё`.

use super::{Hour, Meaning, Place, Weather};
use crate::figure::Kind;

use Meaning::{Color, Count, Subject};

pub(super) const LIST: &[(&str, Meaning)] = &[
    // places
    (
        "hill- meadow- field fields countryside valley- prairie farm park garden- холм- луг луга лугу поле поля полян- долин- деревн- сад сада саду",
        Meaning::Place(Place::Hills),
    ),
    (
        "forest- wood woods woodland jungle- grove taiga лес леса лесу лесн- рощ- тайг- джунгл- чащ-",
        Meaning::Place(Place::Forest),
    ),
    (
        "mountain- peak- alps alpine cliff- volcano everest himalaya- гор гора горы горе гору горн- горах вершин- альп- скал- вулкан-",
        Meaning::Place(Place::Mountains),
    ),
    (
        "sea seas seaside ocean- beach- harbour harbor lake- river- wave- coast- shore- island- bay underwater pier marina fjord море моря морю морск- морем океан- пляж- озер- рек река реки реке речн- волн- остров- берег- гавань гавани залив- побереж- порт порту",
        Meaning::Place(Place::Sea),
    ),
    (
        "city cities town- street- skyline skyscraper- downtown urban cyberpunk tokyo london moscow paris metropolis york город- улиц- небоскреб- мегаполис- москв- петербург- париж- токио киберпанк",
        Meaning::Place(Place::City),
    ),
    (
        "desert- dune- sahara sand pyramid- egypt oasis пустын- дюн- песок песк- сахар- пирамид- оазис-",
        Meaning::Place(Place::Desert),
    ),
    (
        "snowy winter- arctic antarctica ice icy polar christmas снежн- зим зима зимн- зимой зиму арктик- антаркти- лед льду льда ледян- новогодн- рождеств-",
        Meaning::Place(Place::Snow),
    ),
    (
        "space cosmos cosmic galaxy galaxies planet- universe nebula mars orbit lunar космос- космич- галактик- планет- вселенн- туманност- марс марсе орбит-",
        Meaning::Place(Place::Space),
    ),
    // hours
    (
        "day daytime noon sunny morning summer spring день дня днем дневн- полдень утро утром утренн- солнечн- лето летом летн- весн- весенн-",
        Meaning::Hour(Hour::Day),
    ),
    ("dawn- sunrise daybreak рассвет- заря зари зарей", Meaning::Hour(Hour::Dawn)),
    (
        "sunset- dusk evening- twilight autumn fall закат- сумер- вечер- осень осенн- осенью",
        Meaning::Hour(Hour::Sunset),
    ),
    (
        "night- midnight moon moonlit moonlight starry star stars dark neon ночь ночи ночью ночн- полноч- луна луне луну луной лунн- звезд- темн- темнот- неон-",
        Meaning::Hour(Hour::Night),
    ),
    // weather
    ("clear cloudless ясн- безоблач-", Meaning::Weather(Weather::Clear)),
    ("cloud- cloudy overcast облак- облач- туч- пасмурн-", Meaning::Weather(Weather::Clouds)),
    (
        "rain raining rainy raindrop- drizzle umbrella дожд- дождлив- ливень ливн- зонт-",
        Meaning::Weather(Weather::Rain),
    ),
    (
        "snow snowing snowfall snowflake- blizzard снег- снегопад- снежинк- метел- вьюг-",
        Meaning::Weather(Weather::Snow),
    ),
    ("fog foggy mist misty haze туман- дымк-", Meaning::Weather(Weather::Fog)),
    (
        "storm- stormy lightning thunder- tempest гроз- молни- шторм- бур буря бури гром",
        Meaning::Weather(Weather::Storm),
    ),
    ("rainbow- радуг- радужн-", Meaning::Weather(Weather::Rainbow)),
    ("aurora- northern borealis сияни-", Meaning::Weather(Weather::Aurora)),
    // animals
    (
        "cat cats kitten- kitty feline tiger- lion lions кот кота коту коты котов котом котик- котен- котят- кошк- кошек кис киса киск- тигр- лев льва львы",
        Subject(Kind::Cat),
    ),
    (
        "dog dogs doggy puppy puppies hound corgi wolf wolves собак- пес пса псы щен- щенок щенк- песик- корги волк-",
        Subject(Kind::Dog),
    ),
    ("fox foxes vixen лис лиса лисы лису лисиц- лисен- лисой", Subject(Kind::Fox)),
    ("rabbit- bunny bunnies hare hares кролик- заяц зайц- зайк- зайчик- крол-", Subject(Kind::Rabbit)),
    ("bear bears panda- teddy медвед- мишк- панд-", Subject(Kind::Bear)),
    ("owl owls сов сова совы сову совой филин-", Subject(Kind::Owl)),
    ("penguin- пингвин-", Subject(Kind::Penguin)),
    ("elephant- mammoth- слон- слонен- мамонт-", Subject(Kind::Elephant)),
    ("horse- pony ponies stallion deer лошад- конь коня кони конем пони олен-", Subject(Kind::Horse)),
    ("unicorn- единорог-", Subject(Kind::Unicorn)),
    ("dragon- дракон-", Subject(Kind::Dragon)),
    ("dinosaur- dino brontosaurus динозавр-", Subject(Kind::Dinosaur)),
    ("hedgehog- еж ежа ежи ежик-", Subject(Kind::Hedgehog)),
    ("bird birds seagull- gull gulls swallow- птиц- птич- чайк- ласточк-", Subject(Kind::Bird)),
    ("duck- duckling- goose swan утк- уточк- утен- гусь гус- лебед-", Subject(Kind::Duck)),
    ("whale- кит кита киты китом китов", Subject(Kind::Whale)),
    ("fish fishes goldfish salmon dolphin- shark- рыб- рыбк- дельфин- акул-", Subject(Kind::Fish)),
    ("butterfly butterflies бабочк- бабочек", Subject(Kind::Butterfly)),
    // people and machines
    (
        "person people man woman girl- boy boys human child children kid portrait princess king queen wizard knight человек- люди людей мужчин- женщин- девушк- девочк- мальчик- ребен- дети портрет- принцесс- рыцар- волшебник-",
        Subject(Kind::Person),
    ),
    ("astronaut- cosmonaut- spaceman космонавт- астронавт-", Subject(Kind::Astronaut)),
    ("robot- android cyborg droid робот- киборг- андроид-", Subject(Kind::Robot)),
    ("snowman снеговик- снеговиц-", Subject(Kind::Snowman)),
    ("car cars truck taxi bus автомобил- машин- такси автобус-", Subject(Kind::Car)),
    ("train- locomotive railway поезд- паровоз- электричк-", Subject(Kind::Train)),
    ("rocket- spaceship- spacecraft shuttle ракет- звездолет-", Subject(Kind::Rocket)),
    ("ufo ufos alien- saucer нло тарелк- инопланет- пришел-", Subject(Kind::Ufo)),
    ("balloon- airship воздушн- шар шары шара шаром дирижабл-", Subject(Kind::Balloon)),
    ("boat- sail sailing sailboat- yacht- лодк- лодочк- парус- яхт-", Subject(Kind::Boat)),
    ("ship ships steamer ferry pirate- vessel корабл- пароход- пират-", Subject(Kind::Ship)),
    // buildings
    (
        "house- home cottage- cabin hut barn village дом дома доме домик- домов изб изба избы избушк- хижин- коттедж-",
        Subject(Kind::House),
    ),
    ("castle- fortress palace замок замк- крепост- дворец дворц-", Subject(Kind::Castle)),
    ("lighthouse- маяк-", Subject(Kind::Lighthouse)),
    ("windmill- mill мельниц-", Subject(Kind::Windmill)),
    ("church- cathedral temple chapel kremlin церк- церков- собор- храм- кремл- часовн-", Subject(Kind::Church)),
    ("tower- башн-", Subject(Kind::Tower)),
    ("tent tents camp camping campfire палатк- лагер- костер костр-", Subject(Kind::Tent)),
    // plants and things
    ("fir firs spruce pine pines xmas елк- ель ели елочк- сосн-", Subject(Kind::Fir)),
    ("tree trees oak birch palm sakura дерев- дуб дуба берез- пальм- сакур-", Subject(Kind::Tree)),
    ("cactus cacti кактус-", Subject(Kind::Cactus)),
    ("mushroom- гриб- мухомор-", Subject(Kind::Mushroom)),
    (
        "flower- rose roses tulip- sunflower- daisy poppy bouquet цвет- цветок цветк- роз роза розы тюльпан- подсолнух- ромашк- букет-",
        Subject(Kind::Flower),
    ),
    ("cup mug coffee tea teapot кофе чай чая чашк- кружк-", Subject(Kind::Cup)),
    ("heart- love сердц- сердеч- любов- любим-", Subject(Kind::Heart)),
    // colours
    ("red crimson scarlet красн- алый алая алое алые багров-", Color(0xd6_40_45)),
    ("orange ginger рыж- оранжев-", Color(0xee_86_34)),
    ("yellow желт-", Color(0xf5_c8_42)),
    ("gold golden золот-", Color(0xe3_b0_3c)),
    ("green emerald зелен- изумруд-", Color(0x4c_a6_60)),
    ("teal turquoise cyan бирюзов-", Color(0x2f_b5_b0)),
    ("blue azure синий синя- сине- сини- голуб-", Color(0x3f_7f_d4)),
    ("purple violet lilac lavender фиолетов- лилов- сирен- пурпур-", Color(0x8a_58_c9)),
    ("pink magenta розов-", Color(0xf0_84_ae)),
    ("white silver бел белый белая белое белые белых белого белой белую белым серебр-", Color(0xf2_f0_ec)),
    ("black черн-", Color(0x2e_2b_38)),
    ("grey gray серый серая серое серые серого серой серую серых", Color(0x8d_94_a1)),
    ("brown коричнев- бурый бурая бурого", Color(0x8a_5a_3c)),
    // numbers
    ("two couple pair 2 два две двое пара", Count(2)),
    ("three 3 три трое", Count(3)),
    ("four 4 четыр- четвер-", Count(4)),
    ("five several many group flock 5 пять стая много несколько", Count(5)),
    ("six 6 шесть", Count(6)),
    ("seven 7 семь", Count(7)),
];

/// Plurals that cannot be told from their form alone; English ones end in `s`.
pub(super) const PLURALS: &str = "шары птицы чайки коты котики котята кошки собаки щенки лисы зайцы кролики медведи совы \
    пингвины слоны кони лошади драконы динозавры ежи ежики утки киты рыбы рыбки бабочки роботы космонавты машины ракеты \
    лодки яхты корабли дома домики башни палатки деревья березы сосны кактусы грибы цветы розы тюльпаны ромашки \
    подсолнухи сердца сердечки foxes wolves puppies ponies butterflies cacti daisies mice geese fishes";

pub(super) fn emoji(character: char) -> Option<Meaning> {
    Some(match character {
        '🐱' | '🐈' | '😺' | '🐯' | '🦁' => Subject(Kind::Cat),
        '🐶' | '🐕' | '🐺' => Subject(Kind::Dog),
        '🦊' => Subject(Kind::Fox),
        '🐰' | '🐇' => Subject(Kind::Rabbit),
        '🐻' | '🐼' | '🧸' => Subject(Kind::Bear),
        '🦉' => Subject(Kind::Owl),
        '🐧' => Subject(Kind::Penguin),
        '🐘' => Subject(Kind::Elephant),
        '🐴' | '🐎' | '🦌' => Subject(Kind::Horse),
        '🦄' => Subject(Kind::Unicorn),
        '🐉' | '🐲' => Subject(Kind::Dragon),
        '🦕' | '🦖' => Subject(Kind::Dinosaur),
        '🦔' => Subject(Kind::Hedgehog),
        '🐦' | '🕊' => Subject(Kind::Bird),
        '🦆' | '🦢' => Subject(Kind::Duck),
        '🐳' | '🐋' => Subject(Kind::Whale),
        '🐟' | '🐠' | '🐬' | '🦈' => Subject(Kind::Fish),
        '🦋' => Subject(Kind::Butterfly),
        '🤖' => Subject(Kind::Robot),
        '🚀' => Subject(Kind::Rocket),
        '🛸' | '👽' => Subject(Kind::Ufo),
        '🎈' => Subject(Kind::Balloon),
        '⛵' => Subject(Kind::Boat),
        '🚢' => Subject(Kind::Ship),
        '🏠' | '🏡' => Subject(Kind::House),
        '🏰' | '🏯' => Subject(Kind::Castle),
        '🚗' | '🚕' => Subject(Kind::Car),
        '🚂' | '🚆' => Subject(Kind::Train),
        '🌲' | '🎄' => Subject(Kind::Fir),
        '🌳' | '🌴' => Subject(Kind::Tree),
        '🌵' => Subject(Kind::Cactus),
        '🍄' => Subject(Kind::Mushroom),
        '🌸' | '🌻' | '🌹' | '🌷' | '🌼' => Subject(Kind::Flower),
        '☕' | '🍵' => Subject(Kind::Cup),
        '❤' | '💖' | '💙' | '💚' => Subject(Kind::Heart),
        '⛄' | '☃' => Subject(Kind::Snowman),
        '🌊' | '🏖' => Meaning::Place(Place::Sea),
        '🏔' | '⛰' => Meaning::Place(Place::Mountains),
        '🏙' | '🌃' => Meaning::Place(Place::City),
        '🪐' | '🌌' => Meaning::Place(Place::Space),
        '🌙' | '🌕' | '⭐' => Meaning::Hour(Hour::Night),
        '🌅' | '🌇' => Meaning::Hour(Hour::Sunset),
        '☀' => Meaning::Hour(Hour::Day),
        '🌈' => Meaning::Weather(Weather::Rainbow),
        '🌧' | '☔' => Meaning::Weather(Weather::Rain),
        '❄' => Meaning::Weather(Weather::Snow),
        '⛈' | '⚡' => Meaning::Weather(Weather::Storm),
        _ => return None,
    })
}

/// Who may appear in a place when the prompt names nobody.
pub(super) fn at_home(place: Place) -> &'static [Kind] {
    match place {
        Place::Hills => {
            &[Kind::House, Kind::Tree, Kind::Windmill, Kind::Balloon, Kind::Fox, Kind::Hedgehog, Kind::Church]
        }
        Place::Forest => &[Kind::Fox, Kind::Bear, Kind::Owl, Kind::Tent, Kind::Hedgehog, Kind::Mushroom, Kind::House],
        Place::Mountains => &[Kind::Tent, Kind::House, Kind::Balloon, Kind::Castle, Kind::Horse],
        Place::Sea => &[Kind::Boat, Kind::Lighthouse, Kind::Whale, Kind::Ship, Kind::Duck],
        Place::City => &[Kind::Cat, Kind::Person, Kind::Balloon, Kind::Train, Kind::Car],
        Place::Desert => &[Kind::Cactus, Kind::Elephant, Kind::Balloon, Kind::Ufo],
        Place::Snow => &[Kind::Penguin, Kind::Snowman, Kind::House, Kind::Bear],
        Place::Space => &[Kind::Rocket, Kind::Astronaut, Kind::Ufo, Kind::Robot],
    }
}
