// SPDX-License-Identifier: MIT
// LINK: boot/lineedit.c
/*
 * The line editor against a second one that is too simple to be wrong, and
 * against what a terminal would show: after every key the text, the cursor and
 * the screen must agree.
 */
#include <stdio.h>
#include <string.h>

#include "boot/lineedit.h"

#include "../harness/fixture.h"
#include "../harness/tap.h"

#define PROMPT	"> "
#define NPROMPT 2U
#define WIDTH	80U
#define CTRL(c) ((c)&0x1f)

/* ---- the terminal ------------------------------------------------------------ */

static struct {
	char line[WIDTH + 1];
	unsigned column, widest, bells, clears, newlines;
	char log[8192]; /* everything printable since the last look */
	unsigned nr_log;
	bool bad; /* something that this terminal does not know */
	char escape[16];
	unsigned nr_escape;
} term;

static void term_reset(void)
{
	memset(&term, 0, sizeof(term));
	memset(term.line, ' ', WIDTH);
}

static void term_escape(void)
{
	char final = term.escape[term.nr_escape - 1];
	unsigned n = 0;

	for (const char *p = term.escape + 1; *p >= '0' && *p <= '9'; p++)
		n = n * 10 + (unsigned)(*p - '0');
	if (final == 'K') {
		memset(term.line + term.column, ' ', WIDTH - term.column);
	} else if (final == 'D' && n <= term.column) {
		term.column -= n;
	} else if (final == 'H') {
		term.column = 0;
	} else if (final == 'J') {
		memset(term.line, ' ', WIDTH);
		term.clears++;
	} else {
		term.bad = true;
	}
}

static void term_char(char c)
{
	if (term.nr_escape) {
		if (term.nr_escape == sizeof(term.escape) - 1) {
			term.bad = true;
			term.nr_escape = 0;
			return;
		}
		if (term.nr_escape == 1) {
			term.escape[0] = c;
			term.bad = term.bad || c != '[';
		} else {
			term.escape[term.nr_escape - 1] = c;
		}
		term.escape[term.nr_escape] = '\0';
		if (term.nr_escape++ > 1 && (c < '0' || c > ';')) {
			term.nr_escape--;
			term_escape();
			term.nr_escape = 0;
		}
		return;
	}
	if (c == 0x1b) {
		term.nr_escape = 1;
	} else if (c == '\r') {
		term.column = 0;
	} else if (c == '\n') {
		memset(term.line, ' ', WIDTH);
		term.column = 0;
		term.newlines++;
	} else if (c == '\a') {
		term.bells++;
	} else if (c < ' ' || term.column == WIDTH) {
		term.bad = true;
	} else {
		term.line[term.column++] = c;
		if (term.column > term.widest)
			term.widest = term.column;
	}
}

static void term_write(const char *text, unsigned len)
{
	for (unsigned i = 0; i < len; i++) {
		term_char(text[i]);
		if (term.nr_log < sizeof(term.log) - 1)
			term.log[term.nr_log++] = text[i];
	}
	term.log[term.nr_log] = '\0';
}

/* ---- the editor under test ------------------------------------------------------ */

static const char *const words[] = {"alloc", "free", "buddyinfo", "buddy", "memmap", NULL};
static const char *const flags[] = {"GFP_KERNEL", "GFP_ATOMIC", NULL};

static const char *candidate(const char *before, unsigned i)
{
	return *before ? flags[i] : words[i];
}

static struct lineedit ed;

static void begin(void)
{
	term_reset();
	memset(&ed, 0, sizeof(ed));
	ed.prompt = PROMPT;
	ed.write = term_write;
	ed.candidate = candidate;
	lineedit_start(&ed);
}

/* Feeds all; true if the last character completed a line (and none before it did). */
static bool feed(const char *keys)
{
	bool done = false;

	for (; *keys; keys++) {
		CHECK(!done);
		done = lineedit_feed(&ed, (unsigned char)*keys);
	}
	return done;
}

/* The screen shows the prompt, this text, and the cursor in this column of it. */
static void check_screen(const char *text, unsigned column)
{
	char want[WIDTH + 1];

	memset(want, ' ', WIDTH);
	want[WIDTH] = '\0';
	memcpy(want, PROMPT, NPROMPT);
	memcpy(want + NPROMPT, text, strlen(text));
	if (memcmp(want, term.line, WIDTH)) {
		printf("# shown '%.70s'\n# not   '%.70s'\n", term.line, want);
		check_failed(__FILE__, __LINE__, "the screen shows the line");
	}
	CHECK_EQ(term.column, NPROMPT + column);
	CHECK(!term.bad);
}

static void check_line(const char *keys, const char *want)
{
	begin();
	CHECK(feed(keys));
	if (strcmp(ed.line, want)) {
		printf("# '%s', not '%s'\n", ed.line, want);
		check_failed(__FILE__, __LINE__, "the line is what was typed");
	}
	CHECK(!term.bad);
	CHECK_EQ(term.newlines, 1);
}

static void returns_what_was_typed(void)
{
	check_line("hello world\r", "hello world");
	check_line("\r", "");
	check_line("\n", "");
	check_line("abc\n", "abc");
}

static void edits_in_the_middle(void)
{
	check_line("abcd\x1b[D\x1b[DX\r", "abXcd");
	check_line("abcd\x02\x02\x06X\r", "abcXd");
	check_line("bc\001a\005d\r", "abcd");
	check_line("bc\x1b[Ha\x1b[Fd\r", "abcd");
	check_line("bc\x1bOHa\x1bOFd\r", "abcd");
	check_line("bc\x1b[1~a\x1b[4~d\r", "abcd");
	check_line("bc\x1b[7~a\x1b[8~d\r", "abcd");
	check_line("abx\177c\r", "abc");
	check_line("abx\010c\r", "abc");
	check_line("axbc\001\006\004\r", "abc");
	check_line("axbc\001\006\x1b[3~\r", "abc");
	check_line("one two three\x1b[1;5D\x1b[1;5DX\r", "one Xtwo three");
	check_line("one two three\x1b"
		   "b\x1b"
		   "bX\r",
		   "one Xtwo three");
	check_line("one two\001\x1b[1;3CX\r", "oneX two");
	check_line("one two\001\x1b"
		   "f\x1b"
		   "fX\r",
		   "one twoX");
}

static void kills_and_yanks(void)
{
	check_line("one two  \027X\r", "one X");
	check_line("one two\027\031\r", "one two");
	check_line("one two\002\002\013\031\031\r", "one twowo");
	check_line("one\025two\031\r", "twoone");
	check_line("\025\013\027ok\r", "ok");
}

static void ends_at_cr_lf_and_both(void)
{
	begin();
	CHECK(feed("a\r"));
	lineedit_start(&ed);
	CHECK(!feed("\n")); /* belongs to the \r before */
	CHECK(feed("\n"));
	lineedit_start(&ed);
	CHECK(feed("b\n"));
	CHECK(!strcmp(ed.line, "b"));
}

static void enter(const char *line)
{
	lineedit_start(&ed);
	CHECK(feed(line));
}

static void remembers_lines(void)
{
	begin();
	CHECK(feed("one\r"));
	enter("two\r");
	enter("two\r");
	enter("  \r");
	lineedit_start(&ed);
	feed("draft\x1b[A");
	check_screen("two", 3);
	feed("\x1b[A");
	check_screen("one", 3);
	CHECK_EQ(term.bells, 0);
	feed("\x1b[A"); /* no older one */
	check_screen("one", 3);
	CHECK_EQ(term.bells, 1);
	feed("\x1b[B\x1b[B");
	check_screen("draft", 5);
	feed("\016");
	CHECK_EQ(term.bells, 2);
	feed("\020\020!");
	CHECK(feed("\r"));
	CHECK(!strcmp(ed.line, "one!"));
	lineedit_start(&ed);
	feed("\020");
	check_screen("one!", 4);
}

static void forgets_only_the_oldest(void)
{
	char line[] = "line a\r";

	begin();
	CHECK(feed("first\r"));
	for (unsigned i = 0; i < LINEEDIT_HISTORY; i++, line[5]++)
		enter(line);
	lineedit_start(&ed);
	for (unsigned i = 0; i < LINEEDIT_HISTORY + 3; i++)
		feed("\020");
	check_screen("line a", 6);
	CHECK_EQ(term.bells, 3);
}

static void completes_words(void)
{
	check_line("al\t1\r", "alloc 1");
	check_line("bu\t\r", "buddy"); /* as far as both agree */
	check_line("buddyi\t\r", "buddyinfo ");
	check_line("a 0 GFP_K\tX\r", "a 0 GFP_KERNEL X");
	check_line("a GFP_ATOMIC|GFP_K\t\r", "a GFP_ATOMIC|GFP_KERNEL ");
	begin();
	feed("z\t");
	CHECK_EQ(term.bells, 1);
	check_screen("z", 1);
	feed("\025bu\t\t");
	check_screen("buddy", 5);
	CHECK(strstr(term.log, "\nbuddyinfo  buddy  \n"));
	begin();
	ed.candidate = NULL;
	feed("a\t");
	CHECK_EQ(term.bells, 1);
}

static void clears_and_drops(void)
{
	begin();
	feed("abc\002\014");
	CHECK_EQ(term.clears, 1);
	check_screen("abc", 2);
	CHECK(feed("\003"));
	CHECK(!strcmp(ed.line, ""));
	lineedit_start(&ed);
	feed("\020"); /* and was not remembered */
	check_screen("", 0);
}

static void a_full_line_takes_no_more(void)
{
	char text[LINEEDIT_MAX + 1];

	begin();
	for (unsigned i = 0; i < LINEEDIT_MAX; i++)
		text[i] = (char)('a' + i % 26);
	text[LINEEDIT_MAX] = '\0';
	feed(text);
	CHECK_EQ(term.bells, 0);
	feed("!");
	CHECK_EQ(term.bells, 1);
	feed("\001!");
	CHECK_EQ(term.bells, 2);
	CHECK(feed("\r"));
	CHECK(!strcmp(ed.line, text));
	CHECK(term.widest <= LINEEDIT_COLUMNS);
	lineedit_start(&ed);
	feed("\020\027\031"); /* all of it killed and brought back */
	CHECK(feed("\r"));
	CHECK(!strcmp(ed.line, text));
}

/* ---- against a simple model --------------------------------------------------------- */

static struct {
	char text[LINEEDIT_MAX + 1], killed[LINEEDIT_MAX + 1];
	unsigned len, at;
} model;

static void model_take(unsigned from, unsigned to, bool keep)
{
	char rest[LINEEDIT_MAX + 1];

	if (keep && to > from) {
		memcpy(model.killed, model.text + from, to - from);
		model.killed[to - from] = '\0';
	}
	snprintf(rest, sizeof(rest), "%s", model.text + to);
	snprintf(model.text + from, sizeof(model.text) - from, "%s", rest);
	model.len = (unsigned)strlen(model.text);
	model.at = from;
}

static void model_put(const char *what)
{
	char rest[LINEEDIT_MAX + 1];

	if (model.len + strlen(what) > LINEEDIT_MAX)
		return;
	snprintf(rest, sizeof(rest), "%s", model.text + model.at);
	snprintf(model.text + model.at, sizeof(model.text) - model.at, "%s%s", what, rest);
	model.at += (unsigned)strlen(what);
	model.len = (unsigned)strlen(model.text);
}

static void model_key(unsigned char key)
{
	unsigned at = model.at;
	char one[2] = {(char)key, '\0'};

	switch (key) {
	case CTRL('A'):
		model.at = 0;
		break;
	case CTRL('E'):
		model.at = model.len;
		break;
	case CTRL('B'):
		model.at -= model.at > 0;
		break;
	case CTRL('F'):
		model.at += model.at < model.len;
		break;
	case CTRL('H'):
		if (at)
			model_take(at - 1, at, false);
		break;
	case CTRL('D'):
		if (at < model.len)
			model_take(at, at + 1, false);
		break;
	case CTRL('U'):
		model_take(0, at, true);
		break;
	case CTRL('K'):
		model_take(at, model.len, true);
		model.at = at;
		break;
	case CTRL('W'):
		while (at && model.text[at - 1] == ' ')
			at--;
		while (at && model.text[at - 1] != ' ')
			at--;
		model_take(at, model.at, true);
		break;
	case CTRL('Y'):
		model_put(model.killed);
		break;
	default:
		model_put(one);
		break;
	}
}

/* Emulated, each key costs as much as ten do here. */
#ifdef TEST_HOST
#define NR_KEYS 100000u
#else
#define NR_KEYS 10000u
#endif

static void random_keys_agree_with_the_model(void)
{
	static const unsigned char keys[] = {CTRL('A'), CTRL('E'), CTRL('B'), CTRL('B'),
					     CTRL('F'), CTRL('F'), CTRL('H'), CTRL('D'),
					     CTRL('U'), CTRL('K'), CTRL('W'), CTRL('Y')};
	struct rng rng = rng_seed((uint32_t)test_option("seed", 1));

	begin();
	memset(&model, 0, sizeof(model));
	for (unsigned i = 0; i < NR_KEYS && !test_has_failed(); i++) {
		unsigned r = rng_below(&rng, 1000);
		unsigned char key = (unsigned char)(r % 6 ? 'a' + r % 26 : ' ');

		/* Mostly text, so that the line is often longer than the screen. */
		if (rng_below(&rng, 10) < 3)
			key = keys[rng_below(&rng, rng_below(&rng, 8) ? 8 : sizeof(keys))];
		CHECK(!lineedit_feed(&ed, key));
		model_key(key);
		CHECK_EQ(ed.len, model.len);
		CHECK_EQ(ed.pos, model.at);
		CHECK(!memcmp(ed.line, model.text, model.len));
		/* The window: the cursor is in it, and it shows that part of the line. */
		REQUIRE(term.column >= NPROMPT && model.at + NPROMPT >= term.column);
		{
			char shown[WIDTH];
			unsigned left = model.at - (term.column - NPROMPT);

			snprintf(shown, sizeof(shown), "%.*s", (int)(LINEEDIT_COLUMNS - NPROMPT),
				 model.text + left);
			check_screen(shown, model.at - left);
		}
	}
	CHECK(term.widest <= LINEEDIT_COLUMNS);
}

/* Whatever arrives, the state stays within its bounds. */
static void survives_every_byte(void)
{
	struct rng rng = rng_seed((uint32_t)test_option("seed", 2));

	begin();
	for (unsigned i = 0; i < 200000; i++) {
		unsigned char c = (unsigned char)(rng_next(&rng) >> 8);

		if (rng_below(&rng, 8) == 0)
			c = 0x1b;
		else if (rng_below(&rng, 8) == 0)
			c = '[';
		if (lineedit_feed(&ed, c)) {
			CHECK(strlen(ed.line) == ed.len);
			lineedit_start(&ed);
		}
		REQUIRE(ed.len <= LINEEDIT_MAX && ed.pos <= ed.len && ed.left <= ed.len);
		REQUIRE(ed.nr_history <= LINEEDIT_HISTORY && ed.back <= ed.nr_history);
	}
	CHECK(!term.bad);
}

static const struct test_case cases[] = {
	TEST(returns_what_was_typed),	 TEST(edits_in_the_middle),
	TEST(kills_and_yanks),		 TEST(ends_at_cr_lf_and_both),
	TEST(remembers_lines),		 TEST(forgets_only_the_oldest),
	TEST(completes_words),		 TEST(clears_and_drops),
	TEST(a_full_line_takes_no_more), TEST(random_keys_agree_with_the_model),
	TEST(survives_every_byte),
};
TEST_SUITE(lineedit, cases);
