/* Start-up code of a Cortex-M4F: stack, vectors, memory, floating-point unit. A real project has its own. */

#include <stdint.h>
#include <stdlib.h>

extern uint32_t _stack_top, _data_start, _data_end, _data_load, _bss_start, _bss_end;
extern int main(void);
extern void initialise_monitor_handles(void);

void reset(void);

static void fault(void)
{
    /* Ends a semihosted program instead of hanging. */
    _Exit(2);
}

__attribute__((section(".vectors"), used)) static const struct {
    uint32_t *stack;
    void (*handlers[15])(void);
} vectors = {&_stack_top, {reset, fault, fault, fault, fault, fault}};

void reset(void)
{
    /* Gives all code access to coprocessors 10 and 11, the floating-point unit. */
    volatile uint32_t *const access_control = (volatile uint32_t *)0xe000ed88;
    *access_control |= 0xfu << 20;
    __asm__ volatile("dsb\n\tisb" ::: "memory");
    for (uint32_t *to = &_data_start, *from = &_data_load; to < &_data_end;)
        *to++ = *from++;
    for (uint32_t *to = &_bss_start; to < &_bss_end;)
        *to++ = 0;
    initialise_monitor_handles();
    exit(main());
}
