/* A stand-in for NVIDIA's driver, libcuda.so.1, for machines without a GPU: the few functions that the
 * launcher calls, with two devices whose memory is the host's. Kernels run in the emulator ptxrun, a shared
 * library of functions declared below.
 *
 * It is strict where the driver may be lenient: memory, modules and streams belong to their device, and are
 * refused while another is current for the calling thread; a kernel that reaches beyond an allocation of its device
 * fails; a kernel of a module may be asked for once; memory that two streams use is refused if nothing puts them in
 * order, although here everything is done at once, and so is freeing what nobody has waited for; what is copied to the
 * host is there when the host has waited, and page-locked memory that is copied from may not change before. Threads take
 * turns. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef int Result;
enum { SUCCESS = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, INVALID_DEVICE = 101, INVALID_CONTEXT = 201,
       INVALID_PTX = 218, NOT_FOUND = 500, LAUNCH_TIMEOUT = 702, LAUNCH_FAILED = 719 };

/* ptxrun's interface */
typedef struct { uint32_t kind, is_float; void *pointer; size_t length; } Argument;
enum { VALUE = 0, MAPPED = 3 };
int ptxrun_parse(const char *source, size_t length, void **module, char *error, size_t capacity);
void ptxrun_free(void *module);
int ptxrun_launch(const void *module, const char *kernel, const uint32_t *dimensions, const uint64_t *options,
                  const Argument *arguments, size_t count, char *error, size_t capacity);

enum { DEVICES = 2, STREAMS = 32, ALLOCATIONS = 4096, ARGUMENTS = 64, MESSAGE = 1 << 16 };

typedef struct { int device; } Context;
/* For each stream, up to which of its tasks, counted from 1, all is done. */
typedef struct { uint64_t tasks[STREAMS]; } Done;
/* Before the stream's next task, what `done` says is done, and all of its own tasks. */
typedef struct { int device, is_open, is_apart; Done done; } Stream;
typedef struct { int device; Done done; } Event;
typedef struct Function Function;
typedef struct { int device; char *source; void *parsed; Function *functions; } Module;
struct Function {
    Module *module;
    Function *next;
    char name[256];
    size_t count, sizes[ARGUMENTS];
    int is_float[ARGUMENTS];
};
/* `users`: the last task of each stream that uses it. */
typedef struct { int device; char *start; size_t length; Done users; } Allocation;
/* A task that copies between the host's memory and the device's, and what is copied. */
typedef struct Copy Copy;
struct Copy { Copy *next; int stream, is_to_host; uint64_t task; char *host; size_t length; char content[]; };
typedef struct Locked Locked;
struct Locked { Locked *next; size_t length; char start[]; };

static const char UNORDERED[] = "memory that another stream uses, and nothing puts the two in order";

static Context contexts[DEVICES] = {{0}, {1}};
/* First each device's default stream. */
static Stream streams[STREAMS] = {{.device = 0, .is_open = 1}, {.device = 1, .is_open = 1}};
/* What the host knows to be done, and copies that it does not. */
static Done waited;
static Copy *copies;
static Locked *locked;
static _Thread_local Context *current;
static Allocation allocations[ALLOCATIONS];
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static atomic_uint launches;

static void end_turn(pthread_mutex_t **taken) { pthread_mutex_unlock(*taken); }

/* For the rest of the function. */
#define TAKE_TURN                                                      \
    __attribute__((cleanup(end_turn))) pthread_mutex_t *taken = &turn; \
    pthread_mutex_lock(taken)

static Result refuse(Result result, const char *why) {
    fprintf(stderr, "emulated driver: %s\n", why);
    return result;
}

/* With EMULATE_AN_ERROR set to a function and a code, cuInit=100 for example, that function returns that code and does
 * nothing else; with cuInit=100@2, only when it is called for the second time. Calls are counted from the last time on
 * that any such function was called while the variable was not set. */
static Result asked_of(const char *function) {
    static atomic_ulong calls;
    const char *error = getenv("EMULATE_AN_ERROR");
    size_t length = strlen(function);
    if (!error) calls = 0;
    if (!error || strncmp(error, function, length) || error[length] != '=') return SUCCESS;
    char *end;
    Result code = strtol(error + length + 1, &end, 10);
    return *end != '@' || ++calls == strtoul(end + 1, NULL, 10) ? code : SUCCESS;
}

#define FAIL_IF_ASKED                       \
    do {                                    \
        Result asked = asked_of(__func__);  \
        if (asked != SUCCESS) return asked; \
    } while (0)

static int is_current(int device) { return current && current->device == device; }

Result cuGetErrorString(Result error, const char **text) {
    (void)error;
    *text = "an error of the emulated driver";
    return SUCCESS;
}

Result cuInit(unsigned flags) {
    FAIL_IF_ASKED;
    return flags ? INVALID_VALUE : SUCCESS;
}

Result cuDeviceGetCount(int *count) {
    FAIL_IF_ASKED;
    *count = DEVICES;
    return SUCCESS;
}

Result cuDeviceGet(int *device, int ordinal) {
    if (ordinal < 0 || ordinal >= DEVICES) return INVALID_DEVICE;
    *device = ordinal;
    return SUCCESS;
}

Result cuDeviceGetName(char *name, int length, int device) {
    snprintf(name, length, "emulated device %d", device);
    return SUCCESS;
}

Result cuDevicePrimaryCtxRetain(Context **context, int device) {
    *context = &contexts[device];
    return SUCCESS;
}

Result cuDevicePrimaryCtxRelease_v2(int device) { return device < DEVICES ? SUCCESS : INVALID_DEVICE; }

Result cuCtxSetCurrent(Context *context) {
    FAIL_IF_ASKED;
    current = context;
    return SUCCESS;
}

/* The stream that a call means: null is the default stream of the current device. */
static Stream *stream_of(Stream *stream) { return stream ? stream : &streams[current->device]; }

static void join(Done *done, const Done *other) {
    for (int i = 0; i < STREAMS; i++)
        if (other->tasks[i] > done->tasks[i]) done->tasks[i] = other->tasks[i];
}

/* Ends the program, for whoever does not look at what a function returns. */
static void give_up(const char *why) {
    refuse(INVALID_VALUE, why);
    abort();
}

/* The host has waited. */
static void wait_for(const Done *done) {
    join(&waited, done);
    for (Copy **next = &copies; *next;) {
        Copy *copy = *next;
        if (copy->task > waited.tasks[copy->stream]) {
            next = &copy->next;
            continue;
        }
        if (copy->is_to_host)
            memcpy(copy->host, copy->content, copy->length);
        else if (memcmp(copy->host, copy->content, copy->length))
            give_up("what is copied from has changed before the copy was waited for");
        *next = copy->next;
        free(copy);
    }
}

/* A new task of a stream. It waits for what the host has waited for, and for what streams that are not apart have been
 * asked for if it is the default stream's; for the default stream if it is another's. */
static void begin_task(Stream *stream) {
    Stream *of_device = &streams[stream->device];
    join(&stream->done, &waited);
    for (Stream *other = streams; other < streams + STREAMS; other++)
        if (other->is_open && other->device == stream->device && !other->is_apart && !stream->is_apart &&
            (other == of_device || stream == of_device))
            join(&stream->done, &other->done);
    stream->done.tasks[stream - streams]++;
}

/* Whether the stream's task may use what others have used. */
static int use(Allocation *allocation, Stream *stream) {
    int index = stream - streams;
    for (int i = 0; i < STREAMS; i++)
        if (allocation->users.tasks[i] > stream->done.tasks[i]) return 0;
    allocation->users.tasks[index] = stream->done.tasks[index];
    return 1;
}

Result cuStreamCreateWithPriority(Stream **stream, unsigned flags, int priority) {
    (void)priority;
    enum { NON_BLOCKING = 1 };
    TAKE_TURN;
    if (!current) return INVALID_CONTEXT;
    for (Stream *s = streams; s < streams + STREAMS; s++)
        if (!s->is_open) {
            /* Its tasks are counted on from those of the stream that was here before. */
            Done done = {{0}};
            done.tasks[s - streams] = s->done.tasks[s - streams];
            s->done = done;
            s->device = current->device;
            s->is_open = 1;
            s->is_apart = flags & NON_BLOCKING;
            *stream = s;
            return SUCCESS;
        }
    return OUT_OF_MEMORY;
}

/* Leaves a stream's copies undone: what they are of may be gone before the next wait. */
static void forget_copies(const Stream *stream) {
    for (Copy **next = &copies; *next;) {
        Copy *copy = *next;
        if (copy->stream != stream - streams) {
            next = &copy->next;
            continue;
        }
        *next = copy->next;
        free(copy);
    }
}

Result cuStreamSynchronize(Stream *stream) {
    TAKE_TURN;
    Result asked = asked_of(__func__);
    if (asked != SUCCESS) {
        if (current) forget_copies(stream_of(stream));
        return asked;
    }
    if (!current || !is_current(stream_of(stream)->device)) return refuse(INVALID_CONTEXT, "another device's stream");
    wait_for(&stream_of(stream)->done);
    return SUCCESS;
}

Result cuStreamDestroy_v2(Stream *stream) {
    TAKE_TURN;
    if (!is_current(stream->device)) return refuse(INVALID_CONTEXT, "another device's stream");
    stream->is_open = 0;
    return SUCCESS;
}

Result cuEventCreate(Event **event, unsigned flags) {
    (void)flags;
    if (!current) return INVALID_CONTEXT;
    *event = calloc(1, sizeof **event);
    (*event)->device = current->device;
    return SUCCESS;
}

Result cuEventRecord(Event *event, Stream *stream) {
    TAKE_TURN;
    if (!is_current(event->device) || !is_current(stream_of(stream)->device))
        return refuse(INVALID_CONTEXT, "another device's event or stream");
    begin_task(stream_of(stream));
    event->done = stream_of(stream)->done;
    return SUCCESS;
}

Result cuStreamWaitEvent(Stream *stream, Event *event, unsigned flags) {
    TAKE_TURN;
    if (flags) return INVALID_VALUE;
    if (!is_current(event->device) || !is_current(stream_of(stream)->device))
        return refuse(INVALID_CONTEXT, "another device's event or stream");
    join(&stream_of(stream)->done, &event->done);
    return SUCCESS;
}

Result cuEventDestroy_v2(Event *event) {
    free(event);
    return SUCCESS;
}

Result cuMemAlloc_v2(uint64_t *pointer, size_t length) {
    FAIL_IF_ASKED;
    TAKE_TURN;
    if (!current) return INVALID_CONTEXT;
    if (!length) return INVALID_VALUE;
    for (int i = 0; i < ALLOCATIONS; i++)
        if (!allocations[i].start) {
            char *start = malloc(length);
            if (!start) return OUT_OF_MEMORY;
            memset(start, 0xa5, length);
            allocations[i] = (Allocation){current->device, start, length, {{0}}};
            *pointer = (uint64_t)start;
            return SUCCESS;
        }
    return OUT_OF_MEMORY;
}

/* What the current device's allocations leave of 2⁴⁰ bytes. */
Result cuMemGetInfo_v2(size_t *left, size_t *total) {
    TAKE_TURN;
    if (!current) return INVALID_CONTEXT;
    *left = *total = (size_t)1 << 40;
    for (int i = 0; i < ALLOCATIONS; i++)
        if (allocations[i].start && is_current(allocations[i].device)) *left -= allocations[i].length;
    return SUCCESS;
}

/* The allocation that a range of memory lies in, on the current device. */
static Allocation *find(uint64_t pointer, size_t length) {
    for (int i = 0; i < ALLOCATIONS; i++) {
        Allocation *a = &allocations[i];
        uint64_t start = (uint64_t)a->start;
        if (a->start && pointer >= start && pointer - start + length <= a->length)
            return is_current(a->device) ? a : NULL;
    }
    return NULL;
}

Result cuMemFree_v2(uint64_t pointer) {
    TAKE_TURN;
    Allocation *a = find(pointer, 1);
    if (!a || (uint64_t)a->start != pointer) return refuse(INVALID_VALUE, "freeing what is not there");
    for (int i = 0; i < STREAMS; i++)
        if (a->users.tasks[i] > waited.tasks[i]) give_up("freeing what may be in use");
    free(a->start);
    a->start = NULL;
    return SUCCESS;
}

/* Begins a task that uses a part of the device's memory, if it may. */
static Result begin_use(Stream *stream, uint64_t on_device, size_t length) {
    Allocation *allocation = find(on_device, length);
    if (!current || !is_current(stream_of(stream)->device)) return INVALID_CONTEXT;
    if (!allocation) return refuse(INVALID_VALUE, "using what is not there");
    begin_task(stream_of(stream));
    return use(allocation, stream_of(stream)) ? SUCCESS : refuse(LAUNCH_FAILED, UNORDERED);
}

Result cuMemsetD8Async(uint64_t to, unsigned char value, size_t length, Stream *stream) {
    TAKE_TURN;
    Result result = begin_use(stream, to, length);
    if (result == SUCCESS) memset((void *)to, value, length);
    return result;
}

/* A copy's task. */
static Result copy(Stream *stream, void *to, const void *from, size_t length, uint64_t on_device) {
    Result result = begin_use(stream, on_device, length);
    if (result == SUCCESS) memcpy(to, from, length);
    return result;
}

Result cuMemAllocHost_v2(void **pointer, size_t length) {
    FAIL_IF_ASKED;
    TAKE_TURN;
    if (!current) return INVALID_CONTEXT;
    Locked *l = malloc(sizeof *l + length);
    if (!l) return OUT_OF_MEMORY;
    l->next = locked;
    l->length = length;
    *pointer = l->start;
    locked = l;
    return SUCCESS;
}

Result cuMemFreeHost(void *pointer) {
    TAKE_TURN;
    for (Locked **next = &locked; *next; next = &(*next)->next) {
        Locked *l = *next;
        if (l->start != pointer) continue;
        for (Copy *c = copies; c; c = c->next)
            if (c->host >= l->start && c->host < l->start + l->length) give_up("freeing what may be in use");
        *next = l->next;
        free(l);
        return SUCCESS;
    }
    return refuse(INVALID_VALUE, "freeing what is not there");
}

/* Whether the host's memory is page-locked. Only then does the driver read it after a call. */
static int is_locked(const char *host) {
    for (Locked *l = locked; l; l = l->next)
        if (host >= l->start && host < l->start + l->length) return 1;
    return 0;
}

/* Leaves the host's part of the stream's last task, a copy, until it is waited for. */
static void put_off(Stream *stream, int is_to_host, char *host, const void *content, size_t length) {
    stream = stream_of(stream);
    int index = stream - streams;
    Copy *c = malloc(sizeof *c + length);
    *c = (Copy){NULL, index, is_to_host, stream->done.tasks[index], host, length};
    memcpy(c->content, content, length);
    Copy **end = &copies;
    while (*end) end = &(*end)->next;
    *end = c;
}

Result cuMemcpyHtoDAsync_v2(uint64_t to, const void *from, size_t length, Stream *stream) {
    FAIL_IF_ASKED;
    TAKE_TURN;
    Result result = copy(stream, (void *)to, from, length, to);
    if (result == SUCCESS && is_locked(from)) put_off(stream, 0, (char *)from, from, length);
    return result;
}

Result cuMemcpyDtoHAsync_v2(void *to, uint64_t from, size_t length, Stream *stream) {
    FAIL_IF_ASKED;
    TAKE_TURN;
    Result result = begin_use(stream, from, length);
    if (result == SUCCESS) put_off(stream, 1, to, (void *)from, length);
    return result;
}

/* After a copy on the default stream that the host waits for. */
static Result wait_for_copy(Result result) {
    if (result == SUCCESS) wait_for(&streams[current->device].done);
    return result;
}

Result cuMemcpyHtoD_v2(uint64_t to, const void *from, size_t length) {
    FAIL_IF_ASKED;
    TAKE_TURN;
    return wait_for_copy(copy(NULL, (void *)to, from, length, to));
}

Result cuMemcpyDtoH_v2(void *to, uint64_t from, size_t length) {
    FAIL_IF_ASKED;
    TAKE_TURN;
    return wait_for_copy(copy(NULL, to, (void *)from, length, from));
}

Result cuMemcpyDtoD_v2(uint64_t to, uint64_t from, size_t length) {
    FAIL_IF_ASKED;
    TAKE_TURN;
    Result result = copy(NULL, (void *)to, (void *)from, length, from);
    return wait_for_copy(result == SUCCESS ? copy(NULL, (void *)to, (void *)from, length, to) : result);
}

Result cuCtxSynchronize(void) {
    FAIL_IF_ASKED;
    TAKE_TURN;
    if (!current) return INVALID_CONTEXT;
    for (int i = 0; i < STREAMS; i++)
        if (streams[i].device == current->device) wait_for(&streams[i].done);
    return SUCCESS;
}

/* With EMULATE_A_MISTAKE set, the last sum of every kernel is a difference: what a test must notice. */
static void make_a_mistake(char *ptx) {
    if (!getenv("EMULATE_A_MISTAKE")) return;
    for (char *kernel = strstr(ptx, ".entry "), *next; kernel; kernel = next) {
        char *last = NULL;
        next = strstr(kernel + 1, ".entry ");
        for (char *sum = kernel; (sum = strstr(sum + 1, "add.rn.f")) && (!next || sum < next);) last = sum;
        if (last) memcpy(last, "sub", 3);
    }
}

/* With EMULATE_A_LONG_COMPILATION set, kernels in four dimensions are compiled until something is launched meanwhile,
 * for which ten seconds are enough. */
static Result take_long(const char *ptx) {
    if (!getenv("EMULATE_A_LONG_COMPILATION") || !strstr(ptx, "_f32_4(")) return SUCCESS;
    unsigned before = launches;
    for (int i = 0; i < 10000; i++) {
        if (launches != before) return SUCCESS;
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    }
    return refuse(LAUNCH_TIMEOUT, "nothing is launched while a module is compiled");
}

/* Writes what is wrong to the log of errors, if the options have one. */
static void write_log(unsigned count, const unsigned *options, void **values, const char *message) {
    enum { LOG = 5, LOG_SIZE = 6 };
    char *log = NULL;
    size_t size = 0;
    for (unsigned i = 0; i < count; i++) {
        if (options[i] == LOG) log = values[i];
        if (options[i] == LOG_SIZE) size = (size_t)values[i];
    }
    if (log) snprintf(log, size, "%s", message);
}

Result cuModuleLoadDataEx(Module **module, const char *ptx, unsigned count, unsigned *options, void **values) {
    static char message[MESSAGE];
    Result result = take_long(ptx);
    if (result != SUCCESS) return result;
    TAKE_TURN;
    if (!current) return INVALID_CONTEXT;
    Module *m = malloc(sizeof *m);
    *m = (Module){current->device, strdup(ptx), NULL, NULL};
    make_a_mistake(m->source);
    if (ptxrun_parse(m->source, strlen(m->source), &m->parsed, message, sizeof message)) {
        write_log(count, options, values, message);
        return refuse(INVALID_PTX, message);
    }
    *module = m;
    return SUCCESS;
}

Result cuModuleUnload(Module *module) {
    if (!is_current(module->device)) return refuse(INVALID_CONTEXT, "another device's module");
    ptxrun_free(module->parsed);
    free(module->source);
    free(module);
    return SUCCESS;
}

/* Functions live as long as the program. */
Result cuModuleGetFunction(Function **function, Module *module, const char *name) {
    TAKE_TURN;
    for (Function *f = module->functions; f; f = f->next)
        if (!strcmp(f->name, name)) return refuse(INVALID_VALUE, "a kernel that has been asked for before");
    char entry[300];
    snprintf(entry, sizeof entry, ".entry %s(", name);
    char *text = strstr(module->source, entry);
    if (!text) return NOT_FOUND;
    Function *f = calloc(1, sizeof *f);
    f->module = module;
    snprintf(f->name, sizeof f->name, "%s", name);
    char *end = strchr(text + strlen(entry), ')');
    /* A pointer is `.param .u64 .ptr …`, a number `.param .u32 …`, a struct `.param .align N .b8 NAME[SIZE]`. */
    while ((text = strstr(text, ".param ")) && text < end && f->count < ARGUMENTS) {
        text += strlen(".param ");
        size_t i = f->count++;
        if (!strncmp(text, ".u64 ", 5)) {
            f->sizes[i] = 8;
        } else if (!strncmp(text, ".u32 ", 5) || !strncmp(text, ".f32 ", 5)) {
            f->sizes[i] = 4;
            f->is_float[i] = text[1] == 'f';
        } else if (!strncmp(text, ".align", 6)) {
            f->sizes[i] = strtoul(strchr(text, '[') + 1, NULL, 10);
        } else {
            return refuse(INVALID_PTX, "a parameter of a kind that no kernel has");
        }
    }
    f->next = module->functions;
    *function = module->functions = f;
    return SUCCESS;
}

Result cuOccupancyMaxPotentialBlockSize(int *blocks, int *threads, Function *f, void *of, size_t shared, int limit) {
    (void)f, (void)of, (void)shared, (void)limit;
    *blocks = 2;
    *threads = 16;
    return SUCCESS;
}

Result cuLaunchKernel(Function *f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                      unsigned shared, Stream *stream, void **parameters, void **extra) {
    static char message[MESSAGE];
    (void)extra;
    FAIL_IF_ASKED;
    launches++;
    TAKE_TURN;
    stream = stream_of(stream);
    if (!is_current(stream->device) || !is_current(f->module->device)) return INVALID_CONTEXT;
    if (!gx || !gy || !gz || !bx || !by || !bz) return refuse(INVALID_VALUE, "an empty grid");
    /* The kernel's own, then the device's memory, which is the host's, where pointers lead. */
    static Argument arguments[ARGUMENTS + ALLOCATIONS];
    size_t count = 0;
    begin_task(stream);
    while (count < f->count) {
        arguments[count] = (Argument){VALUE, f->is_float[count], parameters[count], f->sizes[count]};
        /* Where a word of an argument leads is what the kernel uses. */
        for (size_t at = 0; at + 8 <= f->sizes[count]; at += 8) {
            uint64_t word;
            memcpy(&word, (char *)parameters[count] + at, 8);
            Allocation *allocation = find(word, 1);
            if (allocation && !use(allocation, stream)) return refuse(LAUNCH_FAILED, UNORDERED);
        }
        count++;
    }
    for (int i = 0; i < ALLOCATIONS; i++) {
        Allocation *a = &allocations[i];
        if (a->start && is_current(a->device)) arguments[count++] = (Argument){MAPPED, 0, a->start, a->length};
    }
    uint32_t dimensions[6] = {gx, gy, gz, bx, by, bz};
    uint64_t options[3] = {shared, 1ull << 32, 0xa5};
    if (ptxrun_launch(f->module->parsed, f->name, dimensions, options, arguments, count, message, sizeof message))
        return refuse(LAUNCH_FAILED, message);
    return SUCCESS;
}
