# Все фразы, которые видит человек в чате, по-русски. Ключи те же, что в en.ftl.

start = Напишите, что вы хотите увидеть, и я нарисую. Или выберите пример.

    Картинки создаёт ИИ, по умолчанию { $model } ({ $price }). Что ещё я понимаю, покажет /help.
help = Просто напишите описание. В группах: /imagine и описание.

    Можно добавить
    --model ИМЯ   другая модель (список: /models)
    --ar 16:9   форма картинки
    --n 4   несколько картинок по одному описанию
    --seed 7   та же картинка ещё раз, если модель это умеет

    Несколько описаний в одном сообщении: поставьте «- » перед каждой строкой или напишите --each. До { $most } картинок в сообщении.

    Картинка с подписью или ответ на любую картинку изменят её. /video сделает видео, /story превратит тему в сцены.

    /settings: что я делаю, если не сказать иначе. /jobs покажет ваши запросы, /cancel остановит их. /privacy: что я храню, /forget удалит.
models = Модели:
model-line = { $title }: --model { $id }
    { $strength }. { $price }, примерно { $eta }. Форма: { $ratios }.{ $default ->
        [yes] { " " }Эта модель рисует, если не назвать другую.
       *[no] { "" }
    }
strength-typography = Хороша для надписей и логотипов
strength-photography = Хороша для фотографических сцен
strength-detail = Самые тонкие детали
strength-speed = Быстро и дёшево
strength-vector = Рисует векторы (SVG)
strength-edit = Меняет картинку, которую вы пришлёте
strength-video = Делает видео по словам или по картинке
strength-offline = Рисунок самой программы, без модели ИИ
strength-other = Универсальная модель
price = { $amount } за картинку
price-estimated = около { $amount } за картинку
price-second = { $amount } за секунду
price-second-estimated = около { $amount } за секунду
price-run = { $amount } за видео
price-run-estimated = около { $amount } за видео
price-tokens = { $amount } за миллион токенов
price-free = Бесплатно

queued = В очереди: №{ $position }, примерно { $eta }{ $paid ->
        [yes] , { $price }
       *[no] { "" }
    }.
queued-next = Начинаю, примерно { $eta }{ $paid ->
        [yes] , { $price }
       *[no] { "" }
    }.
queued-unserved = В очереди: №{ $position }. Сейчас рисовать некому; начну, как только кто-то появится.
queued-paused = В очереди: №{ $position }. Рисование пока приостановлено; ваша очередь сохранится.
queued-delayed = Пока не получилось; попробую ещё раз через { $eta }.
working = Рисую …
working-for = Рисую … примерно { $eta }{ $paid ->
        [yes] , { $price }
       *[no] { "" }
    }.
working-percent = Рисую … { $percent } %
model-unavailable = { $model } временно недоступна. Ваша очередь сохранится; я продолжу без напоминаний.
working-again = Рисую ещё раз после заминки …
sending = Отправляю …
of-many = { $index }/{ $of }
eta-seconds = { $count } с
eta-minutes = { $count } мин

caption-model = { $model }, создано ИИ
caption-sketch = { $model }, нарисовано без модели ИИ
caption-seed = seed { $seed }
caption-seconds = { $seconds } с
caption-stand-in = { $first } не справилась; это сделала { $model }.
film-too-large = Видео больше, чем можно прислать сюда.
film-elsewhere = Видео больше, чем можно прислать сюда. Около часа оно доступно по адресу { $url }
original-pixels = Оригинал больше, чем может быть фото; он придёт файлом.
original-bytes = Файл оригинала больше, чем может быть фото; он придёт файлом.
original-narrow = Слишком вытянуто для фото, поэтому файлом.
original-vector = Векторный рисунок: это предпросмотр, сам рисунок придёт файлом.
original-lost = Оригинал слишком велик, чтобы прислать его сюда; это уменьшенная копия.
original-other = Это нельзя показать как фото, поэтому файлом.

cost-nothing = Это ничего не стоило.
cost-about = Это могло стоить около { $amount }.
failed-invalid-input = { $model } не принимает такой запрос. Попробуйте другие слова или другую модель. { $cost }
failed-filtered = Фильтр { $model } остановил эту картинку. Другие слова или другая модель могут пройти. { $cost }
failed-filtered-output = { $model } нарисовала картинку, но её фильтр не выдал её. Те же слова могут пройти в другой раз, другие — вернее. { $cost }
failed-unanswered = { $model } не ответила. Возможно, картинка нарисована и оплачена, поэтому сам я не повторяю запрос.
failed-rate-limited = { $model } слишком долго перегружена. Попробуйте позже. { $cost }
failed-out-of-credit = { $model } сейчас недоступна, этим займётся оператор. { $cost }
failed-unauthorised = { $model } сейчас недоступна, этим займётся оператор. { $cost }
failed-transient = { $model } не справилась несколько раз подряд. Попробуйте позже. { $cost }
failed-fatal = С этой картинкой что-то пошло не так у нас. Попробуйте ещё раз. { $cost }
failed-deadline = { $model } работала слишком долго, и я её остановил. Попробуйте ещё раз. { $cost }
failed-expired = { $model } закончила картинку, но файл там удалили раньше, чем я успел его забрать. Попросите ещё раз, будет новая. { $cost }
failed-bad-media = { $model } прислала картинку, которую нельзя прочитать. Попробуйте ещё раз. { $cost }
failed-unreachable = Эту картинку не удалось доставить.
failed-unreadable = Этот запрос больше не читается. Пришлите его ещё раз. { $cost }
scenes = { $count ->
        [one] { $count } сцена:
        [few] { $count } сцены:
       *[other] { $count } сцен:
    }
scenes-plain-marks = (Текстовая модель не подключена, поэтому сценарий разбит по его собственной разметке.)
scenes-plain-lines = (Текстовая модель не подключена, поэтому каждая строка стала сценой.)
scenes-plain-sentences = (Текстовая модель не подключена, поэтому сценарий разбит по предложениям.)
scenes-look = Во всех: { $look }
blocked = Такое я не рисую: «{ $words }» ({ $topic ->
        [sexual] сексуальное содержание
        [minors] дети в сексуальном контексте
        [violence] жестокость
        [self_harm] причинение вреда себе
        [hate] ненависть
       *[other] правила оператора
    }). Это ничего не стоило; другие слова могут пройти.
no-budget = Это больше вашего бюджета на сегодня; осталось { $left }. Это ничего не стоило. Бюджет обновится в полночь по UTC.
no-budget-chat = Это больше бюджета этого чата на сегодня. Это ничего не стоило. Бюджет обновится в полночь по UTC.
no-budget-all = Бюджет бота на сегодня исчерпан. Это ничего не стоило. Попробуйте завтра (по UTC) или с бесплатной моделью: /models
cancelled = Отменено.

button-cancel = ✖ Отменить
button-again = ↻ Ещё раз
button-vary = 🎲 4 варианта
button-retry = ↻ Попробовать ещё раз
button-retry-failed = { $count ->
        [one] ↻ Повторить { $count } неудачную
        [few] ↻ Повторить { $count } неудачные
       *[many] ↻ Повторить { $count } неудачных
    }
button-variations = 🎲 Варианты
button-models = 🔀 Другая модель
button-back = ‹ Назад
button-edit = ✏ Изменить
button-animate = 🎬 Видео
button-recipe = 🔗 Рецепт
button-film = 🎬 Видео из одной
button-original = 📄 Оригинал
button-originals = 📄 Оригиналы
original-coming = { $count ->
        [one] Файл сейчас придёт.
        [few] Сейчас придут { $count } файла.
       *[many] Сейчас придут { $count } файлов.
    }
original-none = Другого файла, кроме этого, нет.
original-gone = { $count ->
        [one] Оригинала больше нет: сервисы хранят его около часа. ↻ нарисует другую картинку.
       *[other] Оригиналов, которых больше нет: { $count }. Сервисы хранят их около часа. ↻ нарисует другие.
    }
ready-picture = Ваша картинка готова.
ready-video = Ваше видео готово.
ready-text = Ваш текст готов.
ready-failed = Не получилось; почему, сказано в сообщении выше.
ready-batch = { $done ->
        [0] Ничего не получилось (всего { $of }); у каждой сказано почему.
       *[other] Готово: { $done } из { $of }.
    }
batch-running = { $done ->
        [one] Готова { $done } картинка из { $of }.
        [few] Готовы { $done } картинки из { $of }.
       *[many] Готово { $done } картинок из { $of }.
    }
batch-ended = { $done ->
        [one] Готова { $done } картинка из { $of }.
        [few] Готовы { $done } картинки из { $of }.
       *[many] Готово { $done } картинок из { $of }.
    }
batch-working = рисуется: { $count }
batch-waiting = в очереди: { $count }
batch-failed = не получилось: { $count }
batch-cancelled = отменено: { $count }
batch-eta = ещё примерно { $eta }
batch-price = вместе { $cost }
batch-cost = потрачено { $cost }
batch-free = бесплатно
tile-waiting = Скоро будет
tile-file = Придёт файлом
toast-started = Уже делаю.
toast-twice = Я уже этим занимаюсь.
toast-foreign = Это может только тот, кто попросил.
toast-gone = Это было слишком давно: записи больше нет.
toast-nothing-failed = Все получились.
toast-choose = Какую?
recipe-link = Кто откроет эту ссылку, сможет нарисовать то же самое; без seed получится немного иначе:
    { $link }
recipe-card = Рецепт, которым с вами поделились:
    { $prompt }

    { $model }, { $ratio }. { $price }.
recipe-gone = Такого рецепта нет или уже нет.
button-cook = 🎨 Нарисовать
example = { $number ->
        [0] Рыжая лиса на свежем снегу, золотой час
        [1] Маяк в шторм, масляная живопись
       *[other] Маленький робот поливает цветы, акварель
    }
edit-how = Ответьте на картинку и напишите, что изменить.
picture-menu = Что с ней сделать? Или ответьте на неё и напишите, что изменить.
picture-too-big = Картинка слишком большая: я работаю с файлами до 20 МБ.
picture-type = Я работаю с картинками JPEG, PNG и WebP.
picture-none = Пришлите картинку с этими словами в подписи или ответьте ими на картинку.
no-edit-model = Сейчас ни одна модель здесь не умеет менять картинки.
no-video-model = Сейчас ни одна модель здесь не делает видео.
button-picture-vary = 🎲 Похожую
button-watercolour = 🖌 Акварель
button-oil = 🖼 Масло
button-pixels = 👾 Пиксели
settings-title = Что я делаю здесь, если не сказать иначе:
settings-group = Что я делаю в этой группе, если не сказать иначе; менять могут её администраторы:
settings-admins = Это могут менять только администраторы группы.
setting-line = { $name }: { $value }
setting-usual = как лучше модели
setting-model = Модель
setting-ratio = Форма
setting-style = Стиль
setting-count = Картинок
setting-quality = Качество
setting-language = Язык
setting-most = Не больше за раз
setting-daily = Не больше на человека в день
setting-no-cap = без ограничения
cap-most = { $most ->
        [one] Администраторы группы разрешили { $most } картинку за сообщение.
        [few] Администраторы группы разрешили { $most } картинки за сообщение.
       *[many] Администраторы группы разрешили { $most } картинок за сообщение.
    }
cap-daily = { $most ->
        [one] Администраторы группы разрешили { $most } картинку на человека в день (UTC)
        [few] Администраторы группы разрешили { $most } картинки на человека в день (UTC)
       *[many] Администраторы группы разрешили { $most } картинок на человека в день (UTC)
    }{ $left ->
        [0] .
       *[other] ; у вас осталось { $left }.
    }
style-name = { $style ->
        [photo] Фото
        [illustration] Иллюстрация
        [minimalism] Минимализм
        [watercolour] Акварель
        [oil] Масло
        [pixel] Пиксель-арт
        [anime] Аниме
        [comic] Комикс
        [pencil] Карандаш
        [cinematic] Кинокадр
        [render-3d] 3D
        [fantasy] Фэнтези
       *[other] { $style }
    }
setting-notify = Сообщать о готовности
setting-notify-value = { $value ->
        [off] тихо
       *[on] да, если ждали долго
    }
setting-originals = Оригиналы
setting-originals-value = { $value ->
        [on] сразу приходят файлами
       *[off] по просьбе
    }
language-name = { $code ->
        [en] English
        [ru] Русский
       *[other] { $code }
    }
group-welcome = Здравствуйте! Напишите /imagine@{ $name } и что вы хотите увидеть, или ответьте на моё сообщение. Остальное я здесь не читаю.
privacy = Что я храню и как долго:

    • ваши запросы и записи о результатах: 7 дней после завершения или сколько задал оператор
    • выбранное в /settings и рецепты, которыми вы поделились: пока вы их не измените или не удалите
    • сколько стоили ваши картинки, запись за записью, без ваших слов: пока вы не удалите; потом только суммы без имени
    • сколько вы израсходовали из дневных лимитов: картинки в группах два дня, деньги восемь дней. Это остаётся и после удаления, иначе любой лимит можно было бы начать заново

    Ваши слова и присланные картинки попадают в сервис, где работает выбранная модель, и больше никуда. Картинки создаёт ИИ.

    /export пришлёт всё это, /forget удалит.
forget-ask = Удалить всё, что я храню о вас: запросы в очереди, историю, настройки, рецепты? То, что уже в этом чате, останется; удалить это можете вы сами.
forget-done = { $count ->
        [0] Готово. О вас больше ничего не записано.
        [one] Готово: удалена { $count } запись. О вас больше ничего не записано.
        [few] Готово: удалены { $count } записи. О вас больше ничего не записано.
       *[many] Готово: удалено { $count } записей. О вас больше ничего не записано.
    }
forget-left = Некоторые ваши картинки ещё рисуются. Я их останавливаю; нажмите кнопку ещё раз чуть позже.
button-forget = 🗑 Удалить всё
export-none = О вас у меня ничего не записано.
command-video = сделать видео
command-edit = изменить картинку
command-story = из темы получатся сцены и картинки
command-settings = модель, форма, стиль, язык
bot-description = Напишите, что хотите увидеть, и я нарисую: картинки, видео, целые истории. Несколько запросов сразу станут альбомом, который заполняется на глазах. Картинки создаёт ИИ, и каждая заранее говорит, сколько стоит.
bot-short = Картинки, видео и истории по вашим словам, создаёт ИИ
command-privacy = что я о вас храню
command-export = всё, что я о вас храню, файлом
command-forget = удалить всё, что я о вас храню
story-ask = О чём история? Напишите после команды тему или весь текст: /story один день смотрителя маяка. Можно добавить --format reels и --tone funny или тон своими словами.
story-scenes = { $count ->
        [one] { $count } сцена:
        [few] { $count } сцены:
       *[many] { $count } сцен:
    }
story-how = Чтобы изменить сцену, ответьте на это сообщение её номером и новыми словами, например «2: синяя лиса»; «2 -» удалит её. Всё вместе примерно { $price }.
story-how-to-change = Ответьте номером сцены и новыми словами, например «2: синяя лиса», или «2 -», чтобы удалить.
story-no-writer = Здесь не настроена текстовая модель, поэтому рассказать иначе не могу.
story-bad-format = Формата «{ $word }» нет. Есть: { $known }.
story-bad-tone = «{ $word }» не тон: нужно до 40 букв, например { $known }, или свои слова.
writing = Пишу …
topic-gone = (Тема закрыта или удалена, поэтому сюда.)
no-photos = Готово, но мне нельзя присылать сюда картинки. Администратор группы может это изменить; тогда нажмите ↻.
tone-name = { $tone ->
        [friendly] Дружеский
        [funny] Весёлый
        [serious] Серьёзный
        [inspiring] Вдохновляющий
        [dramatic] Драматичный
        [romantic] Романтичный
        [informative] Познавательный
        [selling] Продающий
       *[other] { $tone }
    }
button-story-draw = 🎨 Нарисовать все
format-name = { $format ->
        [reels] Reels
        [tiktok] TikTok
        [shorts] Shorts
        [post] Пост
        [stories] Stories
       *[free] Свободно
    }
ops-numbers = В очереди { $waiting }, первый ждёт { $wait }; в работе { $running }; не получилось { $failed }; исполнителей { $workers }. Потрачено и отложено сегодня (UTC): { $spent }.
ops-model = { $model }: в очереди { $waiting }, в работе { $running }{ $paused ->
        [yes] , на паузе
       *[no] { "" }
    }
ops-help = /ops покажет числа.
    /ops pause МОДЕЛЬ, /ops resume МОДЕЛЬ
    /ops ban ПОЛЬЗОВАТЕЛЬ, /ops unban ПОЛЬЗОВАТЕЛЬ
    /ops grant ПОЛЬЗОВАТЕЛЬ 5 добавит 5 долларов сверх дневного бюджета
    /ops say ТЕКСТ скажет всем
ops-done = Готово.
ops-already = Так уже и было.
account-empty = ⚠ На счёте «{ $account }» закончились деньги. Его модели приостановлены, очередь сохраняется, я попробую снова сам.
account-refused = ⚠ Счёт «{ $account }» не принимает наш ключ. Его модели приостановлены, очередь сохраняется, я попробую снова сам.
account-back = Счёт «{ $account }» снова работает. Очередь идёт дальше.
ops-granted = Готово: из добавленного осталось { $left }.
ops-saying = Говорю всем, пропуская вперёд всё более срочное, и отчитаюсь.
ops-said = Получили { $sent }; заблокировали меня { $blocked }; не удалось { $failed }.
toast-cancelled-many = { $count ->
        [one] Отменена { $count } картинка.
        [few] Отменены { $count } картинки.
       *[many] Отменено { $count } картинок.
    }
toast-cancelled = Отменено.
toast-cancel-asked = Останавливаю …
toast-cancel-late = Уже закончено.
toast-cancel-foreign = Отменить может только тот, кто попросил.
toast-unknown = Эта кнопка больше никуда не ведёт.

unclear-no-prompt = Что нарисовать? Напишите после команды, например: /imagine лиса на снегу
unclear-too-long = Описание слишком длинное: не больше { $most } символов.
unclear-unknown-flag = Я не знаю { $flag }.{ $nearest ->
        [none] { "" }
       *[other] { " " }Может быть, { $nearest }?
    } Я понимаю --model, --ar, --n, --seed, --no, --style, --size, --quality, --seconds, --res, --fps и --each.
unclear-missing-value = У { $flag } должно быть значение, например { $example }.
unclear-bad-value = { $flag } не может быть «{ $value }». Годится { $takes }.
takes-model = имя модели, см. /models
takes-ratio = форма: 1:1, 16:9 или 9:16
takes-count = число от 1 до 10
takes-seed = целое число от 0 до 2147483647
takes-negative = то, чего не должно быть, например text, blur
takes-style = название стиля, например фото, акварель или масло
takes-size = small, 1k, 2k, 4k или пиксели: 1024x768
takes-quality = low, medium или high
takes-seconds = число секунд
takes-resolution = строки: 480p, 720p или 1080p
takes-fps = число кадров в секунду
unclear-unknown-model = Модели «{ $wish }» нет. Есть: { $known }.
unclear-impossible-ratio = { $model } не делает { $wish }. Ближе всего: --ar { $nearest }. Она делает { $allowed }.
unclear-impossible-value = { $model } не умеет { $flag } { $wish }.{ $nearest ->
        [none] { "" }
       *[other] { " " }Ближе всего: { $flag } { $nearest }.
    } Годится { $allowed }.
unclear-no-seed = { $model } не принимает seed. Принимают: { $others }.
unclear-untaken = { $model } не знает { $flag }.{ $others ->
        [none] { "" }
       *[other] { " " }Знают: { $others }.
    }
unclear-no-images = { $model } не работает по картинке. Работают: { $others }.
unclear-needs-image = { $model } меняет картинку: пришлите её со словами в подписи или ответьте словами на картинку. Без картинки работают: { $others }.
unclear-too-many-images = { $model } берёт не больше { $most ->
        [one] { $most } картинки
       *[other] { $most } картинок
    }.
unclear-prompt-too-long = { $model } читает не больше { $most } символов.
unclear-no-model = Модели «{ $model }» больше нет. Какие есть, покажет /models.
unclear-too-many = { $wish ->
        [one] Это { $wish } картинка
        [few] Это { $wish } картинки
       *[many] Это { $wish } картинок
    }, а в одно сообщение входит не больше { $most }.

full-user = { $pending ->
        [one] { $pending } ваша картинка ещё в работе
        [few] { $pending } ваши картинки ещё в работе
       *[many] { $pending } ваших картинок ещё в работе
    }, одновременно можно не больше { $most }. Дождитесь одной из них или нажмите /cancel.
full-queue = Сейчас в очереди слишком много картинок. Попробуйте через несколько минут.
closed = Пока не принимаю новые картинки. Те, что уже в очереди, будут нарисованы. Попробуйте немного позже.
unavailable = Моя очередь сейчас недоступна. Ваше сообщение не потеряно: возьмусь за него, как только она вернётся.
unavailable-look = Сейчас не могу посмотреть. Попробуйте через минуту.

jobs-none = Пока ничего. Напишите описание, и я нарисую.
jobs = Ваши последние картинки:
job-line = { $code } · { $state } · { $prompt }
state-waiting = в очереди
state-delayed = скоро попробую снова
state-active = рисуется
state-done = готово
state-dead = не получилось
state-cancelled = отменено
cancel-none = У вас ничего нет в работе.
cancel-done = { $count ->
        [one] Отменена { $count } картинка.
        [few] Отменены { $count } картинки.
       *[many] Отменено { $count } картинок.
    }
cancel-unknown = Такой вашей картинки нет. Список: /jobs.
unknown-command = Я не знаю этой команды. Что я понимаю, покажет /help.

command-start = что это такое
command-help = что я понимаю
command-imagine = нарисовать картинку
command-models = модели и цены
command-jobs = ваши последние картинки
command-cancel = остановить то, что в работе
