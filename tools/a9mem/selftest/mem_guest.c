// SPDX-License-Identifier: MIT
/*
 * a9mem self-test: access patterns whose counts are known (check.py has the numbers).
 *
 * Core 0 posts functions of mem_start.S to the cores' boxes and waits; a function
 * opens and closes its own region, so that its instructions are counted and nothing
 * else.  Each region's name goes to the UART before it runs.  MMU and caches are off,
 * as QEMU allows; nothing here is a model for silicon.
 */
#include <stdint.h>

#define UART   (*(volatile uint32_t *)0x10009000)
#define NCORE  4
#define BUF(m) (0x62000000u + (m)*0x100000) /* in MiB steps: same L2 set, apart */

typedef void fn(uint32_t a0, uint32_t a1, uint32_t a2, uint32_t a3, uint32_t a4);
fn rd2, rd1, wr1, rdn, wrn, special, special_t, special_dev, handoff, handoffw, locked;

static struct box {
	fn *volatile f;
	volatile uint32_t a[5];
	volatile uint32_t busy;
} __attribute__((aligned(64))) box[NCORE];

static struct {
	volatile uint32_t w;
} __attribute__((aligned(64))) line[16];

static void say(const char *s)
{
	while (*s)
		UART = *s++;
	UART = '\n';
}

static void post(int c, fn *f, uint32_t a0, uint32_t a1, uint32_t a2, uint32_t a3, uint32_t a4)
{
	struct box *b = &box[c];

	b->a[0] = a0;
	b->a[1] = a1;
	b->a[2] = a2;
	b->a[3] = a3;
	b->a[4] = a4;
	b->f = f;
	asm volatile("dmb" ::: "memory");
	b->busy = 1;
}

static void take(int c)
{
	struct box *b = &box[c];

	while (!b->busy)
		;
	asm volatile("dmb" ::: "memory");
	b->f(b->a[0], b->a[1], b->a[2], b->a[3], b->a[4]);
	asm volatile("dmb" ::: "memory");
	b->busy = 0;
}

static void wait(int c)
{
	while (box[c].busy)
		;
}

static void on(int c, fn *f, uint32_t a0, uint32_t a1)
{
	post(c, f, a0, a1, 0, 0, 0);
	if (c)
		wait(c);
	else
		take(0);
}

static uint32_t at(int i)
{
	return (uint32_t)&line[i];
}

/* Cores 0 and 1 hand a flag to and fro, 1000 times each; w0, w1: the words they write. */
static void two(const char *name, fn *f, int flag, uint32_t w0, uint32_t w1)
{
	say(name);
	post(1, f, at(flag), w1, 1, 0, 1000);
	post(0, f, at(flag), w0, 0, 1, 1000);
	take(0);
	wait(1);
}

int main(int core)
{
	if (core)
		for (;;)
			take(core);

	say("special-arm");
	on(0, special, at(0), 0);
	say("special-thumb");
	on(0, special_t, at(0), 0);
	say("device");
	on(0, special_dev, 0, 0);
	say("32K-cold\n32K-again");
	on(0, rd2, BUF(0), 1024);
	say("64K-cold\n64K-again");
	on(0, rd2, BUF(1), 2048);
	say("1M-cold\n1M-again");
	on(0, rd2, BUF(4), 32768);
	say("write-cold"); /* 16 KiB: stays in L1 */
	on(0, wr1, BUF(6), 512);
	say("read-dirty-of-0");
	on(1, rd1, BUF(6), 512);
	say("read-shared");
	on(2, rd1, BUF(6), 512);
	say("reclaim");
	on(0, wr1, BUF(6), 512);
	say("write-dirty-of-0");
	on(3, wr1, BUF(6), 512);
	on(0, rdn, BUF(7), 512);
	say("read-clean-of-0");
	on(1, rd1, BUF(7), 512);
	on(2, rdn, BUF(8), 512);
	say("write-own-exclusive");
	on(2, wr1, BUF(8), 512);
	two("handoff", handoff, 1, at(3), at(3));
	two("false-sharing", handoffw, 5, at(7), at(7) + 4);
	two("padded", handoffw, 9, at(13), at(11));
	say("lock1");
	post(0, locked, at(14), at(15), 1000, 0, 0);
	take(0);
	say("lock4");
	for (int c = NCORE - 1; c >= 0; c--)
		post(c, locked, at(14), at(15), 1000, 0, 0);
	take(0);
	for (int c = 1; c < NCORE; c++)
		wait(c);
	say(line[3].w == 2000 && line[15].w == 5000 ? "words right" : "words wrong");
	return 0;
}
