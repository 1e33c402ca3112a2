/* SPDX-License-Identifier: MIT */
/*
 * lineedit - editing one line of input on a serial terminal.
 *
 * A state machine that is fed one character at a time and never waits, so the
 * caller decides how to sleep between characters and the host tests can drive
 * it.  It knows no hardware and allocates nothing.
 *
 *	left right ^B ^F	one character      home end ^A ^E	ends of the line
 *	^left ^right		one word           ^W			rubs out the word before
 *	backspace ^H		rubs out           delete ^D		deletes under the cursor
 *	^U ^K			to the start, end  ^Y			brings back what they took
 *	up down ^P ^N		history            tab			completes, lists
 *	^L			clears the screen  ^C			drops the line
 *
 * The line may be longer than the screen is wide: it then scrolls sideways.
 */
#ifndef BOOT_LINEEDIT_H
#define BOOT_LINEEDIT_H

#include <stdbool.h>

#define LINEEDIT_MAX	 159 /* characters of a line */
#define LINEEDIT_COLUMNS 79  /* of the screen, the last one kept free from wrapping */
#define LINEEDIT_HISTORY 16  /* lines remembered */

struct lineedit {
	/* Set by the owner before lineedit_start(). */
	const char *prompt;			       /* printable ASCII, below 40 characters */
	void (*write)(const char *text, unsigned len); /* all of it; \n as CR LF */
	/*
	 * The i-th word that may stand where a word is being typed, NULL past
	 * the last; `before` is the line up to that word.  NULL: no completion.
	 */
	const char *(*candidate)(const char *before, unsigned i);

	/* The line: NUL-terminated once lineedit_feed() has returned true. */
	char line[LINEEDIT_MAX + 1];

	/* Own. */
	unsigned len, pos, left; /* of the line; of the cursor; of what is shown first */
	char history[LINEEDIT_HISTORY][LINEEDIT_MAX + 1];
	unsigned nr_history, newest, back; /* back: how many lines up we are, 0: the new one */
	char draft[LINEEDIT_MAX + 1];	   /* the new line while an old one is shown */
	char killed[LINEEDIT_MAX + 1];
	unsigned char state, escape_param, escape_modifier;
	bool after_cr;
};

/* Shows the prompt and begins an empty line; history stays. */
void lineedit_start(struct lineedit *ed);

/* Takes one character; true: the line is complete, ed->line holds it. */
bool lineedit_feed(struct lineedit *ed, unsigned char c);

/* Shows prompt, line and cursor again, after something else was printed. */
void lineedit_redraw(struct lineedit *ed);

#endif /* BOOT_LINEEDIT_H */
