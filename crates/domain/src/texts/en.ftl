# Every sentence a person in a chat can see, in English. One file a language; the keys are those of texts/say.rs.

start = Write what you want to see, and I draw it. Or tap an example.

    Pictures are made by AI: { $model } unless you name another ({ $price }). /help shows what else I understand.
help = Just write a prompt. In groups: /imagine and the prompt.

    You can add
    --model NAME   another model (/models lists them)
    --ar 16:9   the shape of the picture
    --n 4   several pictures of one prompt
    --seed 7   the same picture again, for models that take a seed

    Several prompts in one message: put “- ” before each line, or write --each. Up to { $most } pictures a message.

    A picture with words under it, or an answer to any picture, changes it. /video makes a video, /story turns a topic into scenes.

    /settings is what I do when you do not say otherwise. /jobs shows what you asked for, /cancel stops it. /privacy: what I keep, /forget deletes it.
models = Models:
model-line = { $title }: --model { $id }
    { $strength }. { $price }, about { $eta }. Shapes: { $ratios }.{ $default ->
        [yes] { " " }This one is used when you name none.
       *[no] { "" }
    }
strength-typography = Good at lettering and logos
strength-photography = Good at photographic scenes
strength-detail = The finest detail
strength-speed = Fast and cheap
strength-vector = Draws vectors (SVG)
strength-edit = Changes a picture that you send
strength-video = Makes videos, from words or from a picture
strength-offline = A drawing by this program itself, no AI model
strength-other = A general model
price = { $amount } a picture
price-estimated = about { $amount } a picture
price-second = { $amount } a second
price-second-estimated = about { $amount } a second
price-run = { $amount } a video
price-run-estimated = about { $amount } a video
price-tokens = { $amount } a million tokens
price-free = Free

queued = In line: #{ $position }, about { $eta }{ $paid ->
        [yes] , { $price }
       *[no] { "" }
    }.
queued-next = Starting now, about { $eta }{ $paid ->
        [yes] , { $price }
       *[no] { "" }
    }.
queued-unserved = In line: #{ $position }. No worker is running right now; it starts as soon as one does.
queued-paused = In line: #{ $position }. Drawing is paused for the moment; your turn is kept.
queued-delayed = That did not work yet; I try again in { $eta }.
working = Drawing …
working-for = Drawing … about { $eta }{ $paid ->
        [yes] , { $price }
       *[no] { "" }
    }.
working-percent = Drawing … { $percent } %
model-unavailable = { $model } is temporarily unavailable. Your turn is kept; I go on by myself.
working-again = Drawing again after a hiccup …
sending = Sending …
of-many = { $index }/{ $of }
eta-seconds = { $count } s
eta-minutes = { $count } min

caption-model = { $model }, made by AI
caption-sketch = { $model }, drawn without an AI model
caption-seed = seed { $seed }
caption-seconds = { $seconds } s
caption-stand-in = { $first } could not do it; { $model } did.
film-too-large = The video is larger than can be sent here.
film-elsewhere = The video is larger than can be sent here. For about an hour it is at { $url }
original-pixels = The original is larger than a photo may be here; it follows as a file.
original-bytes = The original file is larger than a photo may be here; it follows as a file.
original-narrow = Too long and thin for a photo, so it comes as a file.
original-vector = A vector drawing: this is a preview, the drawing follows as a file.
original-lost = The original is too large to be sent here; this is a smaller copy.
original-other = This cannot be shown as a photo, so it comes as a file.

cost-nothing = It cost nothing.
cost-about = It may have cost about { $amount }.
failed-invalid-input = { $model } does not accept this request. Try other words or another model. { $cost }
failed-filtered = The content filter of { $model } stopped this picture. Other words or another model may pass. { $cost }
failed-filtered-output = { $model } made a picture and its filter withheld it. The same words may pass another time, other words more likely. { $cost }
failed-unanswered = { $model } did not answer. It may have made the picture and charged for it, so I do not ask again by myself.
failed-rate-limited = { $model } was overloaded for too long. Please try again later. { $cost }
failed-out-of-credit = { $model } is not available at the moment; the operator has to see to it. { $cost }
failed-unauthorised = { $model } is not available at the moment; the operator has to see to it. { $cost }
failed-transient = { $model } failed several times in a row. Please try again later. { $cost }
failed-fatal = Something went wrong on our side with this picture. Please try again. { $cost }
failed-deadline = { $model } took too long, so I stopped it. Please try again. { $cost }
failed-expired = { $model } had finished this picture, but its file was deleted there before I could fetch it. Ask again for a new one. { $cost }
failed-bad-media = { $model } sent a picture that cannot be read. Please try again. { $cost }
failed-unreachable = This picture could not be delivered.
failed-unreadable = This request could not be read any more. Please send it again. { $cost }
scenes = { $count ->
        [one] One scene:
       *[other] { $count } scenes:
    }
scenes-plain-marks = (No text model is set up, so I split the script at its own marks.)
scenes-plain-lines = (No text model is set up, so every line became a scene.)
scenes-plain-sentences = (No text model is set up, so I split the script by sentences.)
scenes-look = In all of them: { $look }
blocked = I do not draw this: “{ $words }” ({ $topic ->
        [sexual] sexual content
        [minors] children in a sexual context
        [violence] graphic violence
        [self_harm] self-harm
        [hate] hate
       *[other] the operator’s rules
    }). It cost nothing; other words may pass.
no-budget = That would go over your budget for today; { $left } is left. It cost nothing. The budget is renewed at midnight UTC.
no-budget-chat = That would go over this chat’s budget for today. It cost nothing. The budget is renewed at midnight UTC.
no-budget-all = Today’s budget of this bot is used up. It cost nothing. Please try again tomorrow (UTC), or with a free model: /models
cancelled = Cancelled.

button-cancel = ✖ Cancel
button-again = ↻ Again
button-vary = 🎲 4 variants
button-retry = ↻ Try again
button-retry-failed = { $count ->
        [one] ↻ Retry the one that failed
       *[other] ↻ Retry the { $count } that failed
    }
button-variations = 🎲 Variations
button-models = 🔀 Other model
button-back = ‹ Back
button-edit = ✏ Edit
button-animate = 🎬 Video
button-recipe = 🔗 Recipe
button-film = 🎬 Video of one
button-original = 📄 Original file
button-originals = 📄 Originals
original-coming = { $count ->
        [one] The file is coming.
       *[other] { $count } files are coming.
    }
original-none = There is no other file than this one.
original-gone = { $count ->
        [one] The original is not there any more: services keep what they made for about an hour. ↻ draws another one.
       *[other] { $count } of the originals are not there any more: services keep what they made for about an hour. ↻ draws others.
    }
ready-picture = Your picture is ready.
ready-video = Your video is ready.
ready-text = Your text is ready.
ready-failed = That did not work out; the message above says why.
ready-batch = { $done ->
        [0] None of the { $of } worked out; each says why.
       *[other] Ready: { $done } of { $of }.
    }
batch-running = { $done ->
        [one] { $done } of { $of } pictures is here.
       *[other] { $done } of { $of } pictures are here.
    }
batch-ended = { $done ->
        [one] { $done } of { $of } pictures is here.
       *[other] { $done } of { $of } pictures are here.
    }
batch-working = { $count } being drawn
batch-waiting = { $count } in line
batch-failed = { $count } failed
batch-cancelled = { $count } cancelled
batch-eta = about { $eta } to go
batch-price = { $cost } together
batch-cost = { $cost } spent
batch-free = free
tile-waiting = On its way
tile-file = This one comes as a file
toast-started = I am on it.
toast-twice = I am on it already.
toast-foreign = Only the person who asked for this can do that.
toast-gone = This is too long ago: I have no record of it any more.
toast-nothing-failed = None of them failed.
toast-choose = Which one?
recipe-link = Whoever opens this link can draw the same, with other results where the model takes no seed:
    { $link }
recipe-card = A shared recipe:
    { $prompt }

    { $model }, { $ratio }. { $price }.
recipe-gone = There is no such recipe, or no longer.
button-cook = 🎨 Draw it
example = { $number ->
        [0] A red fox in fresh snow, golden hour
        [1] A lighthouse in a storm, oil painting
       *[other] A tiny robot watering flowers, watercolour
    }
edit-how = Reply to the picture and write what to change.
picture-menu = What shall I do with it? Or answer it and write what to change.
picture-too-big = This picture is too big: I can work on files of up to 20 MB.
picture-type = I can work on JPEG, PNG and WebP pictures.
picture-none = Send a picture with these words under it, or answer one with them.
no-edit-model = No model here can change pictures at the moment.
no-video-model = No model here makes videos at the moment.
button-picture-vary = 🎲 One like it
button-watercolour = 🖌 Watercolour
button-oil = 🖼 Oil painting
button-pixels = 👾 Pixel art
settings-title = What I do here when you do not say otherwise:
settings-group = What I do in this group when nobody says otherwise; its administrators can change it:
settings-admins = Only administrators of this group can change that.
setting-line = { $name }: { $value }
setting-usual = as the model likes
setting-model = Model
setting-ratio = Shape
setting-style = Style
setting-count = Pictures
setting-quality = Quality
setting-language = Language
setting-most = Most a message
setting-daily = Most a person a day
setting-no-cap = no limit
cap-most = { $most ->
        [one] This group’s administrators allow one picture a message.
       *[other] This group’s administrators allow { $most } pictures a message.
    }
cap-daily = { $most ->
        [one] This group’s administrators allow one picture a person a day (UTC)
       *[other] This group’s administrators allow { $most } pictures a person a day (UTC)
    }{ $left ->
        [0] .
       *[other] ; { $left } of yours are left.
    }
style-name = { $style ->
        [photo] Photo
        [illustration] Illustration
        [minimalism] Minimalism
        [watercolour] Watercolour
        [oil] Oil painting
        [pixel] Pixel art
        [anime] Anime
        [comic] Comic
        [pencil] Pencil
        [cinematic] Cinematic
        [render-3d] 3D render
        [fantasy] Fantasy
       *[other] { $style }
    }
setting-notify = Word when ready
setting-notify-value = { $value ->
        [off] quiet
       *[on] on, when it took long
    }
setting-originals = Originals
setting-originals-value = { $value ->
        [on] come as files, too
       *[off] on request
    }
language-name = { $code ->
        [en] English
        [ru] Русский
       *[other] { $code }
    }
group-welcome = Hello! Write /imagine@{ $name } and what you want to see, or answer one of my messages. I read nothing else here.
privacy = What I keep, and for how long:

    • your requests and their results’ records: 7 days after they end, or as the operator set it
    • what you chose in /settings, and recipes you shared: until you change or delete them
    • what your pictures cost, entry by entry, without your words: until you delete it; then sums without your name
    • what you used up of limits a day: pictures in groups for two days, money for eight. This stays when you delete the rest, or every limit could be begun anew by it

    Your words and the pictures you send go to the service that runs the model you use, and nowhere else. Pictures are made by AI.

    /export sends you all of it, /forget deletes it.
forget-ask = Delete everything I keep about you: requests in line, history, settings, shared recipes? What is already in this chat stays; you can delete it yourself.
forget-done = { $count ->
        [0] Done. There is nothing about you on record any more.
        [one] Done: one record deleted. There is nothing about you on record any more.
       *[other] Done: { $count } records deleted. There is nothing about you on record any more.
    }
forget-left = Some pictures of yours are still being drawn. They are being stopped; press the button once more in a moment.
button-forget = 🗑 Delete everything
export-none = I have nothing on record about you.
command-video = make a video
command-edit = change a picture
command-story = a topic becomes scenes and pictures
command-settings = model, shape, style, language
bot-description = Write what you want to see, and I draw it: pictures, videos, whole stories. Several prompts at once become an album that fills in. Pictures are made by AI, and each says what it costs before it is drawn.
bot-short = Pictures, videos and stories from your words, made by AI
command-privacy = what I keep about you
command-export = all that I keep about you, as a file
command-forget = delete all that I keep about you
story-ask = What is the story about? Write it after the command, a topic or the whole text: /story a day in the life of a lighthouse keeper. Add --format reels and --tone funny, or a tone in your own words.
story-scenes = { $count ->
        [one] One scene:
       *[other] { $count } scenes:
    }
story-how = To change a scene answer this message with its number and new words, like “2: a blue fox”; “2 -” removes it. All together about { $price }.
story-how-to-change = Answer with the number of a scene and new words, like “2: a blue fox”, or “2 -” to remove it.
story-no-writer = No text model is set up here, so I cannot tell it anew.
story-bad-format = There is no format “{ $word }”. There are: { $known }.
story-bad-tone = “{ $word }” is no tone: that is up to 40 letters, like { $known }, or words of your own.
writing = Writing …
topic-gone = (The topic is closed or gone, so it comes here.)
no-photos = It is done, but I may not send pictures here. An administrator of this group can change that; then press ↻.
tone-name = { $tone ->
        [friendly] Friendly
        [funny] Funny
        [serious] Serious
        [inspiring] Inspiring
        [dramatic] Dramatic
        [romantic] Romantic
        [informative] Informative
        [selling] Selling
       *[other] { $tone }
    }
button-story-draw = 🎨 Draw them all
format-name = { $format ->
        [reels] Reels
        [tiktok] TikTok
        [shorts] Shorts
        [post] Post
        [stories] Stories
       *[free] Free
    }
ops-numbers = Waiting { $waiting }, the oldest for { $wait }; running { $running }; failed { $failed }; workers { $workers }. Spent or put aside today (UTC): { $spent }.
ops-model = { $model }: { $waiting } waiting, { $running } running{ $paused ->
        [yes] , paused
       *[no] { "" }
    }
ops-help = /ops shows the numbers.
    /ops pause MODEL, /ops resume MODEL
    /ops ban USER, /ops unban USER
    /ops grant USER 5 gives somebody 5 dollars beyond the day’s budget
    /ops say TEXT tells everybody
ops-done = Done.
ops-already = It was so already.
account-empty = ⚠ The account “{ $account }” is out of credit. Its models are paused, waiting jobs keep their turns, and it is tried again by itself.
account-refused = ⚠ The account “{ $account }” refuses our key. Its models are paused, waiting jobs keep their turns, and it is tried again by itself.
account-back = The account “{ $account }” works again. Waiting jobs go on.
ops-granted = Done: { $left } are left of what was granted.
ops-saying = I tell everybody, behind all that is more urgent, and report when I am done.
ops-said = Told { $sent }; { $blocked } have blocked me; { $failed } failed.
toast-cancelled-many = { $count ->
        [one] One picture cancelled.
       *[other] { $count } pictures cancelled.
    }
toast-cancelled = Cancelled.
toast-cancel-asked = Stopping …
toast-cancel-late = That is over already.
toast-cancel-foreign = Only the person who asked can cancel this.
toast-unknown = This button leads nowhere any more.

unclear-no-prompt = What shall I draw? Write it after the command, for example: /imagine a fox in the snow
unclear-too-long = The prompt is too long: at most { $most } characters.
unclear-unknown-flag = I do not know { $flag }.{ $nearest ->
        [none] { "" }
       *[other] { " " }Did you mean { $nearest }?
    } I understand --model, --ar, --n, --seed, --no, --style, --size, --quality, --seconds, --res, --fps and --each.
unclear-missing-value = { $flag } needs a value, for example { $example }.
unclear-bad-value = { $flag } cannot be “{ $value }”. It takes { $takes }.
takes-model = a model’s name, see /models
takes-ratio = a shape such as 1:1, 16:9 or 9:16
takes-count = a number from 1 to 10
takes-seed = a whole number from 0 to 2147483647
takes-negative = what must not be seen, for example text, blur
takes-style = the name of a style, for example photo, watercolour or oil
takes-size = small, 1k, 2k, 4k or pixels such as 1024x768
takes-quality = low, medium or high
takes-seconds = a number of seconds
takes-resolution = lines such as 480p, 720p or 1080p
takes-fps = a number of frames a second
unclear-unknown-model = There is no model “{ $wish }”. There are: { $known }.
unclear-impossible-ratio = { $model } does not make { $wish }. Closest: --ar { $nearest }. It makes { $allowed }.
unclear-impossible-value = { $model } cannot do { $flag } { $wish }.{ $nearest ->
        [none] { "" }
       *[other] { " " }Closest: { $flag } { $nearest }.
    } It takes { $allowed }.
unclear-no-seed = { $model } takes no seed. These do: { $others }.
unclear-untaken = { $model } does not know { $flag }.{ $others ->
        [none] { "" }
       *[other] { " " }These do: { $others }.
    }
unclear-no-images = { $model } does not start from a picture. These do: { $others }.
unclear-needs-image = { $model } changes a picture: send one with your words as its caption, or answer one with them. Without a picture these work: { $others }.
unclear-too-many-images = { $model } starts from at most { $most ->
        [one] one picture
       *[other] { $most } pictures
    }.
unclear-prompt-too-long = { $model } reads at most { $most } characters.
unclear-no-model = There is no model “{ $model }” any more. /models lists those there are.
unclear-too-many = { $wish ->
        [one] That is one picture
       *[other] That is { $wish } pictures
    }, at most { $most } fit into one message.

full-user = { $pending ->
        [one] One of your pictures is
       *[other] { $pending } of your pictures are
    } still in the works, the most at a time is { $most }. Please wait for one to finish, or /cancel.
full-queue = Too many pictures are waiting at the moment. Please try again in a few minutes.
closed = I take no new pictures for the moment. Those in line will still be drawn. Please try again in a while.
unavailable = I cannot reach my queue right now. Your message is not lost: I take it up as soon as it is back.
unavailable-look = I cannot look that up right now. Please try again in a moment.

jobs-none = Nothing yet. Write a prompt, and I draw it.
jobs = Your last pictures:
job-line = { $code } · { $state } · { $prompt }
state-waiting = in line
state-delayed = trying again soon
state-active = being drawn
state-done = done
state-dead = failed
state-cancelled = cancelled
cancel-none = Nothing of yours is in the works.
cancel-done = { $count ->
        [one] One picture cancelled.
       *[other] { $count } pictures cancelled.
    }
cancel-unknown = There is no such picture of yours. /jobs lists them.
unknown-command = I do not know that command. /help lists what I understand.

command-start = what this is
command-help = what I understand
command-imagine = draw a picture
command-models = the models and their prices
command-jobs = your last pictures
command-cancel = stop what is in the works
