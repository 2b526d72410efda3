// An empty chat: what this is, and things to try with one click. The texts are written for this page.
import { post, upload } from './api.js'
import { record, sendText, setText } from './composer.js'
import { attempt, h, icon } from './dom.js'
import { avatar } from './message.js'
import {
  bot,
  chatParam,
  currentRoom,
  isAdmin,
  isIn,
  memberOf,
  nameOf,
  person,
  profileText,
  state,
} from './state.js'

const german = `Liebe Nachbarn, am Samstag ab zehn Uhr pflanzen wir im Hof die neuen Apfelbäume. Wer mag, bringt einen Spaten mit; Handschuhe und Kaffee haben wir. Bei starkem Regen verschieben wir alles auf Sonntag. Bitte lasst die Einfahrt frei, der Anhänger mit der Erde kommt um halb zehn.`

const english = `Dear neighbours, on Saturday from ten o'clock we are planting the new apple trees in the yard. If you like, bring a spade; we have gloves and coffee. If it rains hard, everything moves to Sunday. Please keep the driveway free: the trailer with the soil arrives at half past nine.`

const longEnglish = `What we learned from a year without a lawn

Last spring our housing association stopped mowing the 1,400 square metres behind the blocks. The decision was not unanimous: nine households voted for it, five against, and two wanted to wait another year. Here is an honest account of what happened.

The first months were a disappointment. Instead of a meadow we got thistles as tall as the children, and by June the paths had disappeared. Two families stopped using the yard. In July a group of volunteers cut three winding paths with a scythe and took out most of the thistles by hand, about sixty hours of work in all. After that the mood changed. The paths became a place to walk in the evening, and the children built a hide under the elder.

The numbers surprised us. A student from the university counted 41 plant species in September, against 12 the year before, and 17 kinds of wild bees. We saved about 2,300 euros of mowing, spent 640 on seed and tools, and put 500 aside for a bench. Water use fell by a fifth, because nothing was watered at all. On the other side, tick bites went up: we know of six, and one person needed antibiotics.

Not everything is solved. The strip along the road still looks neglected, and the association of the neighbouring block has complained twice about seeds in their gravel. The fire brigade asked us to keep a mown belt of two metres along the wall, which we now do every month.

For the coming year we propose to keep the meadow, to mow once in late September and carry the hay away, to put up a sign about ticks at both gates, and to plant a low hedge along the road. The vote is on 14 March. If you cannot come, leave your vote in the grey box by the stairs of block C before noon.`

const longRussian = `Чему нас научил год без газона

Прошлой весной наш дом перестал косить 1400 квадратных метров двора. Решение не было единогласным: девять семей проголосовали за, пять против, две предложили подождать ещё год. Вот честный рассказ о том, что получилось.

Первые месяцы разочаровали. Вместо луга вырос чертополох выше детей, и к июню тропинки исчезли. Две семьи перестали выходить во двор. В июле добровольцы прокосили три извилистые дорожки и вручную убрали почти весь чертополох, на это ушло около шестидесяти часов. После этого настроение изменилось: по дорожкам стали гулять вечерами, а дети построили шалаш под бузиной.

Цифры удивили. В сентябре студентка университета насчитала 41 вид растений против 12 годом раньше и 17 видов диких пчёл. Мы сэкономили около 2300 евро на стрижке, потратили 640 на семена и инструменты и отложили 500 на скамейку. Расход воды упал на пятую часть. С другой стороны, стало больше клещей: мы знаем о шести укусах, одному человеку понадобились антибиотики.

Не всё решено. Полоса вдоль дороги выглядит заброшенной, соседний дом дважды жаловался на семена в гравии. Пожарные попросили держать скошенной полосу в два метра вдоль стены, и теперь мы делаем это каждый месяц.

На следующий год мы предлагаем сохранить луг, косить один раз в конце сентября и вывозить сено, поставить у обоих входов таблички о клещах и посадить низкую изгородь вдоль дороги. Голосование 14 марта. Если не сможете прийти, оставьте голос в сером ящике у лестницы корпуса В до полудня.`

const here = () => ({ chat: chatParam(currentRoom()), from: state.me })

function sendArticle(russian) {
  const name = russian ? 'Год без газона.txt' : 'A year without a lawn.txt'
  const file = new Blob([russian ? longRussian : longEnglish], { type: 'text/plain' })
  return attempt(upload('document', file, name, here()))
}

function samples() {
  const russian = person()?.language_code === 'ru'
  const { recording } = state.world.samples
  return [
    {
      icon: 'comment',
      title: 'A foreign message',
      words: russian ? 'A notice in English' : 'A notice in German',
      run: () => sendText(russian ? english : german),
    },
    {
      icon: 'comment',
      title: 'A long post',
      words: 'Becomes a short summary',
      run: () => sendText(russian ? longRussian : longEnglish),
    },
    recording !== null && {
      icon: 'play',
      title: 'A recorded speech',
      words: `${recording}; it becomes text`,
      run: () => attempt(post('samples/recording', here())),
    },
    {
      icon: 'mic',
      title: 'Your own voice',
      words: 'Say something; it becomes text',
      run: () => record(),
    },
    {
      icon: 'file',
      title: 'A text file',
      words: 'Is read and summarised',
      run: () => sendArticle(russian),
    },
    {
      icon: 'link',
      title: 'A link',
      words: 'An article is read for you',
      run: () => setText('https://'),
    },
  ].filter(Boolean)
}

/** The same things as a menu, for a chat that is no longer empty. */
export const tryItems = () =>
  samples().map((it) => ({ icon: it.icon, label: it.title, run: it.run }))

function tryButtons() {
  return h(
    'div',
    { class: 'tries' },
    samples().map((it) =>
      h(
        'button',
        { type: 'button', class: 'try', onclick: it.run },
        icon(it.icon, 20),
        h('span', {}, h('b', {}, it.title), h('small', {}, it.words)),
      ),
    ),
  )
}

/** What an empty chat says. */
export function emptyState(room) {
  if (room.chat.type === 'private') {
    const it = state.world.bots.find((one) => one.id === room.bot)
    return h(
      'div',
      { class: 'empty' },
      avatar(it.id, nameOf(it), 'xl', true),
      h('h2', {}, nameOf(it)),
      h(
        'p',
        {},
        profileText(it, 'description') ||
          'Send a text, a voice message, a file or a link. Or try one of these:',
      ),
      room.started
        ? tryButtons()
        : [h('p', { class: 'hint' }, 'Press Start, then try:'), tryButtons()],
    )
  }
  const botIn = isIn(memberOf(room, bot()?.id))
  const admin = isAdmin(memberOf(room, state.me))
  const words =
    room.chat.type === 'channel'
      ? admin
        ? 'You are an admin: what you write here is posted as the channel.'
        : 'Posts of this channel appear here.'
      : 'Talk among people. The bot answers when it is addressed: by a command, a mention or a reply.'
  return h(
    'div',
    { class: 'empty' },
    avatar(room.chat.id, room.chat.title, 'xl'),
    h('h2', {}, room.chat.title),
    h('p', {}, words),
    !botIn && h('p', { class: 'hint' }, 'The bot is not here yet. Add it with the sliders above.'),
  )
}
