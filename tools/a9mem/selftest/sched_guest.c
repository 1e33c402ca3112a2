// SPDX-License-Identifier: MIT
/*
 * sched self-test: a guest whose outcome depends on how its cores interleave.
 *
 * The runner puts a command at COMMAND (QEMU's loader device): what to do and in
 * how many rounds.  A round is one region of the plugin, entered by all four cores
 * together; core 0 prints its result, one line, outside of the region.
 *
 *   C  400 increments by 4 cores, unprotected: prints how many were lost
 *   L  the same under an LDREX/STREX lock: prints how many were lost
 *   W  a mailbox with a window of two instructions: 10 letters: prints how many were lost
 *   A  an LDREX/STREX pair against stores that restore the value: prints how many
 *      pairs succeeded that silicon would have failed
 *   N  LDREX/STREX pairs against stores to another word of the same granule (8 words):
 *      prints how many STREXs failed;  G  against stores to the next granule
 *   R  800 signatures in a ring: prints a hash of their order
 *   I  WFE, WFI and spinning against each other, a timer that wakes a machine in which
 *      all sleep: prints 0
 *   H  core 0 spins for ever
 *   P  core 0 switches the machine off
 *   S  200 million instructions outside of regions, no result (speed)
 *   X  the same in a region (speed)
 *
 * MMU and caches are off, as QEMU allows; nothing here is a model for silicon.
 */
#include <stdint.h>

#define COMMAND	    ((volatile uint32_t *)0x61000000) /* letter, rounds */
#define UART	    (*(volatile uint32_t *)0x10009000)
#define ROI	    (*(volatile uint32_t *)0x10000008)
#define SYS_CFGDATA (*(volatile uint32_t *)0x100000a0)
#define SYS_CFGCTRL (*(volatile uint32_t *)0x100000a4)
#define GICC(o)	    (*(volatile uint32_t *)(0x1e000100 + (o)))
#define GICD(o)	    (*(volatile uint32_t *)(0x1e001000 + (o)))
#define TIMER(o)    (*(volatile uint32_t *)(0x1e000600 + (o))) /* private, per core */
#define NCORE	    4
#define TIMES	    100
#define TURNS	    200
#define LETTERS	    10

void count_plain(volatile uint32_t *word, uint32_t n);
void count_locked(volatile uint32_t *word, uint32_t n, volatile uint32_t *lock);
uint32_t take_mail(volatile uint32_t *box, uint32_t delay);
void post_mail(volatile uint32_t *box, uint32_t delay, uint32_t letter);
void sign_ring(volatile uint8_t *ring, uint32_t n, uint32_t me, volatile uint32_t *index);
uint32_t aba_try(volatile uint32_t *seqs);
void aba_spoil(volatile uint32_t *seqs, uint32_t n);
uint32_t pair(volatile uint32_t *word);
void store_n(volatile uint32_t *word, uint32_t n);
void spin_on(volatile uint32_t *flag);
void spin_count(uint32_t n);

static volatile uint32_t word, lock, box, index_, flag, lost, awake[NCORE];
static volatile uint32_t seqs[32] __attribute__((aligned(128)));
static volatile uint8_t ring[NCORE * TURNS];
static volatile uint32_t arrived[NCORE];

static void putn(uint32_t n)
{
	char b[12];
	int i = 11;

	b[i] = 0;
	do
		b[--i] = '0' + n % 10;
	while (n /= 10);
	while (b[i])
		UART = b[i++];
	UART = '\n';
}

/* Each core writes its own words only: right under any schedule, without LDREX. */
static void barrier(int me, uint32_t round)
{
	arrived[me] = round;
	for (int c = 0; c < NCORE; c++)
		while (arrived[c] < round)
			;
}

static void sgi(uint32_t mask)
{
	asm volatile("dsb" ::: "memory");
	GICD(0xf00) = mask << 16;
}

/* Sleeps until the interrupt, which stays masked in the core, is pending; takes it. */
static uint32_t sleep_for(uint32_t irq)
{
	uint32_t got;

	do {
		asm volatile("dsb; wfi" ::: "memory");
		got = GICC(0xc);
		if ((got & 0x3ff) < 1020)
			GICC(0x10) = got;
	} while ((got & 0x3ff) != irq);
	return got;
}

static void idle_mix(int me)
{
	if (me == 0) { /* while the others wait, each in its way; then all but 0 are woken */
		spin_count(300);
		flag = 1;
		asm volatile("dsb; sev" ::: "memory");
		sgi(1 << 3);
		while (!awake[1] || !awake[2] || !awake[3])
			asm volatile("yield");
		TIMER(0x0) = 100000;
		TIMER(0x8) = 5; /* on, interrupt, once */
		sleep_for(29);	/* now all four sleep */
		TIMER(0x8) = 0;
		TIMER(0xc) = 1;
		flag = 2;
		sgi(0xe);
		return;
	}
	if (me == 1)
		while (!flag)
			asm volatile("wfe");
	if (me == 2)
		spin_on(&flag);
	if (me == 3)
		sleep_for(0);
	awake[me] = 1;
	sleep_for(0);
}

static void act(int me, char what, uint32_t *round)
{
	switch (what) {
	case 'C':
		count_plain(&word, TIMES);
		break;
	case 'L':
		count_locked(&word, TIMES, &lock);
		break;
	case 'W':
		for (uint32_t i = 1; i <= LETTERS; i++) {
			barrier(me, *round += 1);
			if (me == 0) {
				post_mail(&box, 10, i);
			} else if (me == 1) {
				uint32_t got = take_mail(&box, 10);

				barrier(me, *round += 1);
				lost += got != i && box != i;
				box = 0;
				continue;
			}
			barrier(me, *round += 1);
		}
		break;
	case 'A':
		for (int i = 0; me == 0 && i < 2 * TIMES; i++)
			lost += aba_try(seqs);
		if (me == 1)
			aba_spoil(seqs, 2 * TIMES);
		break;
	case 'N':
	case 'G':
		for (int i = 0; me == 0 && i < 2 * TIMES; i++)
			lost += pair(&seqs[0]);
		if (me == 1)
			store_n(&seqs[what == 'N' ? 7 : 8], 4 * TIMES);
		break;
	case 'R':
		sign_ring(ring, TURNS, me, &index_);
		break;
	case 'I':
		idle_mix(me);
		break;
	case 'H':
		while (me == 0)
			;
		break;
	case 'P':
		if (me == 0) {
			SYS_CFGDATA = 0;
			SYS_CFGCTRL = 0xc0800000;
		}
		for (;;)
			;
	case 'X':
		spin_count(25000000);
		break;
	}
}

static uint32_t result(char what)
{
	uint32_t h = 2166136261;

	switch (what) {
	case 'A':
	case 'N':
	case 'G':
	case 'W':
		return lost;
	case 'R':
		for (int i = 0; i < NCORE * TURNS; i++)
			h = (h ^ ring[i]) * 16777619;
		return h;
	case 'C':
	case 'L':
		return NCORE * TIMES - word;
	default:
		return 0;
	}
}

int main(int me)
{
	char what = COMMAND[0];
	uint32_t rounds = COMMAND[1], round = 0;

	if (me == 0)
		GICD(0) = 1;
	GICC(4) = 0xff;
	GICC(0) = 1;
	GICD(0x100) = 1 << 29;
	if (what == 'S')
		spin_count(25000000);
	while (rounds--) {
		if (me == 0) {
			word = lock = box = index_ = flag = lost = 0;
			for (int c = 0; c < NCORE; c++)
				awake[c] = 0;
		}
		barrier(me, ++round);
		ROI = 0;
		barrier(me, ++round);
		act(me, what, &round);
		barrier(me, ++round);
		ROI = 0;
		barrier(me, ++round);
		if (me == 0)
			putn(result(what));
	}
	while (me)
		asm volatile("wfi");
	return 0;
}
