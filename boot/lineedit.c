// SPDX-License-Identifier: MIT
/*
 * lineedit - editing one line of input on a serial terminal.
 *
 * Every key changes the line in memory and then shows it again as a whole:
 * carriage return, prompt, what fits, erase to the end, cursor back.  The one
 * exception is a character typed at the end, which is sent as it is; that is
 * what nearly all typing is, and it keeps a slow line fast.
 *
 * State: struct lineedit, all of it the caller's; no lock, one caller.
 *
 * Of the terminal it needs what every VT100 has (CR, BEL, CSI K, CSI n D,
 * CSI H, CSI 2 J).  Keys arrive as VT100, xterm, Linux or PuTTY send them.
 *
 * Not here: reading characters and sleeping (monitor.c), what a line means.
 */
#include <string.h>

#include "boot/lineedit.h"

#define CTRL(letter) ((letter)&0x1f)
#define DEL	     0x7f
#define ESC	     0x1b

enum { STATE_PLAIN, STATE_ESC, STATE_CSI, STATE_SS3 };

static void put(struct lineedit *ed, const char *text)
{
	ed->write(text, (unsigned)strlen(text));
}

static void bell(struct lineedit *ed)
{
	put(ed, "\a");
}

/* Moves the cursor back by n columns. */
static void put_back(struct lineedit *ed, unsigned n)
{
	char seq[8] = {ESC, '['};
	unsigned at = 2;

	if (!n)
		return;
	if (n >= 100)
		seq[at++] = (char)('0' + n / 100);
	if (n >= 10)
		seq[at++] = (char)('0' + n / 10 % 10);
	seq[at++] = (char)('0' + n % 10);
	seq[at++] = 'D';
	ed->write(seq, at);
}

/* Columns for the line itself, one of them for a cursor behind the last character. */
static unsigned room(const struct lineedit *ed)
{
	return LINEEDIT_COLUMNS - (unsigned)strlen(ed->prompt);
}

void lineedit_redraw(struct lineedit *ed)
{
	unsigned width = room(ed), shown;

	if (ed->pos < ed->left)
		ed->left = ed->pos;
	if (ed->pos - ed->left >= width)
		ed->left = ed->pos - width + 1;
	if (ed->len < width)
		ed->left = 0;
	shown = ed->len - ed->left;
	if (shown > width)
		shown = width;

	put(ed, "\r");
	put(ed, ed->prompt);
	ed->write(ed->line + ed->left, shown);
	put(ed, "\x1b[K");
	put_back(ed, shown - (ed->pos - ed->left));
}

void lineedit_start(struct lineedit *ed)
{
	ed->len = ed->pos = ed->left = ed->back = 0;
	ed->state = STATE_PLAIN;
	put(ed, ed->prompt);
}

static void set_line(struct lineedit *ed, const char *text)
{
	ed->len = (unsigned)strlen(text);
	memcpy(ed->line, text, ed->len);
	ed->pos = ed->len;
}

/* Takes [from, to) out of the line; the cursor goes to `from`. */
static void cut(struct lineedit *ed, unsigned from, unsigned to)
{
	memmove(ed->line + from, ed->line + to, ed->len - to);
	ed->len -= to - from;
	ed->pos = from;
}

/* The same, and keeps it for ^Y. */
static void kill_range(struct lineedit *ed, unsigned from, unsigned to)
{
	if (from == to)
		return;
	memcpy(ed->killed, ed->line + from, to - from);
	ed->killed[to - from] = '\0';
	cut(ed, from, to);
}

/* Puts text in at the cursor, all of it or nothing. */
static bool insert(struct lineedit *ed, const char *text, unsigned len)
{
	if (ed->len + len > LINEEDIT_MAX)
		return false;
	memmove(ed->line + ed->pos + len, ed->line + ed->pos, ed->len - ed->pos);
	memcpy(ed->line + ed->pos, text, len);
	ed->len += len;
	ed->pos += len;
	return true;
}

static bool is_space(char c)
{
	return c == ' ';
}

static unsigned word_left(const struct lineedit *ed)
{
	unsigned at = ed->pos;

	while (at && is_space(ed->line[at - 1]))
		at--;
	while (at && !is_space(ed->line[at - 1]))
		at--;
	return at;
}

static unsigned word_right(const struct lineedit *ed)
{
	unsigned at = ed->pos;

	while (at < ed->len && is_space(ed->line[at]))
		at++;
	while (at < ed->len && !is_space(ed->line[at]))
		at++;
	return at;
}

/* ---- history: a ring of the last lines, the same line not twice in a row ---- */

static const char *history_line(const struct lineedit *ed, unsigned back)
{
	return ed->history[(ed->newest + LINEEDIT_HISTORY - (back - 1)) % LINEEDIT_HISTORY];
}

static void remember(struct lineedit *ed)
{
	bool blank = true;

	for (unsigned i = 0; i < ed->len; i++)
		blank = blank && is_space(ed->line[i]);
	if (blank || (ed->nr_history && !strcmp(history_line(ed, 1), ed->line)))
		return;
	ed->newest = (ed->newest + 1) % LINEEDIT_HISTORY;
	memcpy(ed->history[ed->newest], ed->line, ed->len + 1);
	if (ed->nr_history < LINEEDIT_HISTORY)
		ed->nr_history++;
}

static bool show_history(struct lineedit *ed, bool older)
{
	if (older ? ed->back == ed->nr_history : ed->back == 0)
		return false;
	if (!ed->back) {
		memcpy(ed->draft, ed->line, ed->len);
		ed->draft[ed->len] = '\0';
	}
	ed->back = older ? ed->back + 1 : ed->back - 1;
	set_line(ed, ed->back ? history_line(ed, ed->back) : ed->draft);
	return true;
}

/* ---- completion ---------------------------------------------------------- */

static unsigned common(const char *a, const char *b, unsigned max)
{
	unsigned n = 0;

	while (n < max && a[n] && a[n] == b[n])
		n++;
	return n;
}

static void list_candidates(struct lineedit *ed, const char *before, const char *word, unsigned len)
{
	const char *name;
	unsigned column = 0;

	put(ed, "\n");
	for (unsigned i = 0; (name = ed->candidate(before, i)); i++) {
		unsigned width = (unsigned)strlen(name) + 2;

		if (strncmp(name, word, len))
			continue;
		if (column + width > LINEEDIT_COLUMNS) {
			put(ed, "\n");
			column = 0;
		}
		put(ed, name);
		put(ed, "  ");
		column += width;
	}
	put(ed, "\n");
}

/* A word begins after a space, or after the | that joins flags. */
static void complete(struct lineedit *ed)
{
	char before[LINEEDIT_MAX + 1];
	unsigned start = ed->pos, len, nr = 0, same = 0;
	const char *name, *first = NULL, *word;

	while (start && !is_space(ed->line[start - 1]) && ed->line[start - 1] != '|')
		start--;
	len = ed->pos - start;
	word = ed->line + start;
	memcpy(before, ed->line, start);
	before[start] = '\0';

	for (unsigned i = 0; ed->candidate && (name = ed->candidate(before, i)); i++) {
		if (strncmp(name, word, len))
			continue;
		same = nr++ ? common(first, name, same) : (unsigned)strlen(name);
		if (!first)
			first = name;
	}
	if (!nr) {
		bell(ed);
		return;
	}
	if (nr > 1 && same == len)
		list_candidates(ed, before, word, len);
	else if (!insert(ed, first + len, same - len) || (nr == 1 && !insert(ed, " ", 1)))
		bell(ed);
	lineedit_redraw(ed);
}

/* ---- keys ------------------------------------------------------------------ */

static void finish(struct lineedit *ed)
{
	ed->line[ed->len] = '\0';
	remember(ed);
	put(ed, "\n");
}

/* What a character inserts; true: nothing else on the screen has changed. */
static void type(struct lineedit *ed, char c)
{
	bool at_end = ed->pos == ed->len;

	if (!insert(ed, &c, 1)) {
		bell(ed);
		return;
	}
	if (at_end && ed->pos - ed->left < room(ed))
		ed->write(&c, 1);
	else
		lineedit_redraw(ed);
}

/* Keys that only change line and cursor; false: no such key, or nothing to do. */
static bool edit_key(struct lineedit *ed, unsigned char key)
{
	switch (key) {
	case CTRL('A'):
		ed->pos = 0;
		return true;
	case CTRL('E'):
		ed->pos = ed->len;
		return true;
	case CTRL('B'):
		if (!ed->pos)
			return false;
		ed->pos--;
		return true;
	case CTRL('F'):
		if (ed->pos == ed->len)
			return false;
		ed->pos++;
		return true;
	case CTRL('H'):
	case DEL:
		if (!ed->pos)
			return false;
		cut(ed, ed->pos - 1, ed->pos);
		return true;
	case CTRL('D'):
		if (ed->pos == ed->len)
			return false;
		cut(ed, ed->pos, ed->pos + 1);
		return true;
	case CTRL('U'):
		kill_range(ed, 0, ed->pos);
		return true;
	case CTRL('K'):
		kill_range(ed, ed->pos, ed->len);
		return true;
	case CTRL('W'):
		kill_range(ed, word_left(ed), ed->pos);
		return true;
	case CTRL('Y'):
		return insert(ed, ed->killed, (unsigned)strlen(ed->killed));
	case CTRL('P'):
		return show_history(ed, true);
	case CTRL('N'):
		return show_history(ed, false);
	case CTRL('L'):
		put(ed, "\x1b[H\x1b[2J");
		return true;
	default:
		return false;
	}
}

static void press(struct lineedit *ed, unsigned char key)
{
	if (edit_key(ed, key))
		lineedit_redraw(ed);
	else
		bell(ed);
}

/* CSI n ; m ~ */
static void numbered_key(struct lineedit *ed, unsigned number)
{
	switch (number) {
	case 1:
	case 7:
		press(ed, CTRL('A'));
		break;
	case 3:
		press(ed, CTRL('D'));
		break;
	case 4:
	case 8:
		press(ed, CTRL('E'));
		break;
	default: /* insert, page up, function keys: nothing */
		break;
	}
}

/* The last character of an escape sequence; xterm's modifiers 3 and 5 are Alt and Ctrl. */
static void escape_key(struct lineedit *ed, unsigned char final)
{
	bool by_word = ed->escape_modifier == 3 || ed->escape_modifier == 5;

	switch (final) {
	case 'A':
		press(ed, CTRL('P'));
		break;
	case 'B':
		press(ed, CTRL('N'));
		break;
	case 'C':
		if (by_word)
			ed->pos = word_right(ed);
		if (by_word)
			lineedit_redraw(ed);
		else
			press(ed, CTRL('F'));
		break;
	case 'D':
		if (by_word)
			ed->pos = word_left(ed);
		if (by_word)
			lineedit_redraw(ed);
		else
			press(ed, CTRL('B'));
		break;
	case 'H':
		press(ed, CTRL('A'));
		break;
	case 'F':
		press(ed, CTRL('E'));
		break;
	case '~':
		numbered_key(ed, ed->escape_param);
		break;
	default:
		break;
	}
}

/* A character within an escape sequence. */
static void escape(struct lineedit *ed, unsigned char c)
{
	if (ed->state == STATE_ESC) {
		ed->escape_param = ed->escape_modifier = 0;
		ed->state = c == '[' ? STATE_CSI : c == 'O' ? STATE_SS3 : STATE_PLAIN;
		if (c == 'b' || c == 'f') { /* Alt, as a terminal with Meta sends it */
			ed->escape_modifier = 3;
			escape_key(ed, c == 'b' ? 'D' : 'C');
		}
		return;
	}
	if (ed->state == STATE_CSI && c >= '0' && c <= '9') {
		ed->escape_modifier = (unsigned char)(ed->escape_modifier * 10 + (c - '0'));
		return;
	}
	if (ed->state == STATE_CSI && c == ';') {
		ed->escape_param = ed->escape_modifier;
		ed->escape_modifier = 0;
		return;
	}
	if (c >= 0x20 && c < 0x40) /* other parameters: skip to the final character */
		return;
	ed->state = STATE_PLAIN;
	if (c == '~' && !ed->escape_param)
		ed->escape_param = ed->escape_modifier;
	escape_key(ed, c);
}

bool lineedit_feed(struct lineedit *ed, unsigned char c)
{
	bool after_cr = ed->after_cr;

	ed->after_cr = c == '\r';
	if (c == ESC) {
		ed->state = STATE_ESC;
		return false;
	}
	if (ed->state != STATE_PLAIN && c >= 0x20) {
		escape(ed, c);
		return false;
	}
	ed->state = STATE_PLAIN; /* a control character ends a sequence that was cut off */

	switch (c) {
	case '\n':
		if (after_cr) /* one Enter of a terminal that sends CR LF */
			return false;
		finish(ed);
		return true;
	case '\r':
		finish(ed);
		return true;
	case '\t':
		complete(ed);
		return false;
	case CTRL('C'):
		put(ed, "^C\n");
		ed->len = 0;
		finish(ed);
		return true;
	default:
		if (c >= 0x20 && c < DEL)
			type(ed, (char)c);
		else
			press(ed, c);
		return false;
	}
}
