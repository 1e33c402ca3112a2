// SPDX-License-Identifier: MIT
/*
 * C++ in the image: what test_newlib.c looks at.  An object that lives for ever and allocates
 * when it is made, one of a function, an abstract class, arrays, alignment.
 */
#include <stdint.h>

extern "C" {
unsigned cxx_global_value(void);
unsigned cxx_local_value(void);
unsigned cxx_locals_made(void);
unsigned cxx_sum_of_shapes(unsigned n);
bool cxx_arrays_and_alignment(void);
}

namespace {

struct global {
	unsigned *value;

	global() : value(new unsigned(42)) {}
	~global() { delete value; }
};

global the_global;
unsigned nr_locals;

struct local {
	unsigned value;

	local() : value(7) { __atomic_add_fetch(&nr_locals, 1, __ATOMIC_RELAXED); }
	~local() { value = 0; }
};

class shape {
public:
	virtual unsigned area() const = 0;
	virtual ~shape() {}
};

class square : public shape {
	unsigned side;

public:
	explicit square(unsigned s) : side(s) {}
	unsigned area() const override { return side * side; }
};

struct alignas(256) wide {
	unsigned char byte[100];
};

} // namespace

unsigned cxx_global_value(void)
{
	return the_global.value ? *the_global.value : 0;
}

unsigned cxx_local_value(void)
{
	static local the_local;

	return the_local.value;
}

unsigned cxx_locals_made(void)
{
	return __atomic_load_n(&nr_locals, __ATOMIC_RELAXED);
}

unsigned cxx_sum_of_shapes(unsigned n)
{
	shape **all = new shape *[n];
	unsigned sum = 0;

	for (unsigned i = 0; i < n; i++)
		all[i] = new square(i);
	for (unsigned i = 0; i < n; i++) {
		sum += all[i]->area();
		delete all[i];
	}
	delete[] all;
	return sum;
}

bool cxx_arrays_and_alignment(void)
{
	bool ok = true;

	for (unsigned n = 1; n < 50; n++) {
		wide *w = new wide[n];
		local *l = new local[n];

		ok = ok && !(reinterpret_cast<uintptr_t>(w) & 255) && l[n - 1].value == 7;
		delete[] w;
		delete[] l;
	}
	return ok;
}
