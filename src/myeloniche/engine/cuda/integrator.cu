// The integrator of one member by one thread: what myeloniche.engine.rosenbrock does lane by lane on the CPU.
//
// The text before this one (printed by myeloniche.engine.cuda.source) gives the model: its equations as
// prepare(), rates(), jacobian(), add_time_slopes(), factor() and solve(), the places of everything in a
// thread's work array, the coefficients of the method, and the struct Batch of the members.
//
// A thread whose member is done takes the next one, so that a warp does not wait for its slowest member.

enum Phase { EMPTY, IDLE, ENTER, RUN };
enum Status { OK, STEP_LIMIT, NON_FINITE, NO_REST, STEP_TOO_SMALL };
enum Freshness { CONTINUED, FRESH, NEW_MEMBER };

#define SAFETY 0.9
#define SHRINK 0.2
#define GROW 6.0
#define SHRINK_NON_FINITE 0.1
#define STRETCH 1.01           // a step this close to the period's end goes there
#define SMALLEST_STEP 1e-18    // of the period's duration
#define LARGEST_OLD_GROWTH 2.5 // an error below 0.01 counts as 0.01

// where the last stage lies, which is the error of the step
#define LAST_STAGE (K + (STAGES - 1) * STATES)

struct Lane {
    long long member, plan, segment, next_output, steps, rejected;
    int phase, fresh;
    bool last, retried;
    double time, clock, elapsed, size, proposal, old_size, old_growth;
};

DEVICE bool is_finite(double value) { return value - value == 0.0; }

DEVICE double larger(double left, double right) { return right > left ? right : left; }

DEVICE double smaller(double left, double right) { return right < left ? right : left; }

// a value over its tolerance: the state's absolute one plus the relative one
DEVICE double weighted(const Batch *batch, int state, double value, double magnitude)
{
    return value / (batch->tolerance[state] + batch->relative_tolerance * magnitude);
}

// ---- members and their timelines

#ifdef ON_DEVICE
DEVICE long long next_member(const Batch *batch, long long)
{
    return (long long)atomicAdd((unsigned long long *)batch->counter, 1ULL);
}
#else
DEVICE long long next_member(const Batch *batch, long long previous) { return previous + batch->threads; }
#endif

DEVICE void take_member(double *work, const Batch *batch, Lane *lane)
{
    lane->member = next_member(batch, lane->member);
    if (lane->member >= batch->members) {
        lane->phase = IDLE;
        return;
    }
    for (int i = 0; i < PARAMETERS; ++i) W(PARAMETER + i) = batch->parameter_common[i];
    for (long long column = 0; column < batch->parameter_columns; ++column)
        W(PARAMETER + batch->parameter_varied[column]) =
            batch->parameter_values[column * batch->members + lane->member];
    for (int i = 0; i < STATES; ++i) W(STATE + i) = batch->initial_common[i];
    for (long long column = 0; column < batch->initial_columns; ++column)
        W(STATE + batch->initial_varied[column]) =
            batch->initial_values[column * batch->members + lane->member];
    lane->plan = batch->plan_of[lane->member];
    lane->segment = batch->first_segment[lane->plan];
    lane->next_output = lane->steps = lane->rejected = 0;
    lane->fresh = NEW_MEMBER;
    lane->phase = ENTER;
}

DEVICE void finish(const Batch *batch, Lane *lane, int status)
{
    batch->status[lane->member] = status;
    batch->steps[lane->member] = lane->steps;
    batch->rejected[lane->member] = lane->rejected;
    lane->phase = EMPTY;
}

// the first state that is no number, or else the one with the most for its tolerance; what a state has of
// the matter lies from the slot source on, a rate or the error of the last step
DEVICE long long worst_state(const double *work, const Batch *batch, int source)
{
    const bool of_step = source == LAST_STAGE;
    double most = -1.0;
    long long worst = 0;
    for (int i = 0; i < STATES; ++i) {
        const double value = fabs(W(source + i)), start = fabs(W(STATE + i));
        const double end = of_step ? fabs(W(STAGE + i)) : start;
        if (!is_finite(value) || !is_finite(start) || !is_finite(end)) return i;
        const double ratio = weighted(batch, i, value, larger(start, end));
        if (ratio > most) {
            most = ratio;
            worst = i;
        }
    }
    return worst;
}

DEVICE void fail(const double *work, const Batch *batch, Lane *lane, int status, int source)
{
    batch->failed_at[lane->member] = lane->time;
    batch->worst[lane->member] = worst_state(work, batch, source);
    finish(batch, lane, status);
}

DEVICE void write_output(const Batch *batch, const Lane *lane, long long column, double value)
{
    const long long row = lane->next_output * batch->columns + column;
    batch->outputs[row * batch->members + lane->member] = value;
}

// outputs at the start of a segment, or all of a segment that takes no time
DEVICE void deliver_at_start(double *work, const Batch *batch, Lane *lane)
{
    const long long segment = lane->segment, until = batch->outputs_until[segment];
    const double *times = batch->times + batch->first_time[lane->plan];
    const bool empty = batch->duration[segment] == 0.0;
    while (lane->next_output < until && (empty || times[lane->next_output] <= batch->start[segment])) {
        for (long long column = 0; column < batch->columns; ++column)
            write_output(batch, lane, column, W(STATE + batch->wanted[column]));
        lane->next_output += 1;
    }
}

// one change of a timeline; says whether it was one of a parameter
DEVICE bool apply_change(double *work, const Batch *batch, long long change)
{
    const bool of_state = batch->change_state[change] != 0;
    const long long place = (of_state ? STATE : PARAMETER) + batch->change_index[change];
    const long long action = batch->change_action[change];
    const double value = batch->change_value[change];
    W(place) = action == 0 ? value : action == 1 ? W(place) + value : W(place) * value;
    return !of_state;
}

// begin the lane's segment; says whether the parameters are new
DEVICE bool enter_segment(double *work, const Batch *batch, Lane *lane)
{
    const long long segment = lane->segment;
    bool renewed = lane->fresh == NEW_MEMBER;
    if (segment == batch->first_segment[lane->plan + 1]) {
        finish(batch, lane, OK);
        return false;
    }
    const long long first = batch->first_change[segment], past = batch->first_change[segment + 1];
    for (long long change = first; change < past; ++change)
        if (apply_change(work, batch, change)) renewed = true;
    const bool resting = batch->until_rest[segment] != 0;
    const bool steady = segment > batch->first_segment[lane->plan] && batch->until_rest[segment - 1] == 0;
    const bool jump = first != past || batch->anew[segment] != 0;
    if (jump || resting || !steady || renewed) lane->fresh = FRESH;
    lane->elapsed = 0.0;
    lane->time = batch->start[segment];
    lane->clock = resting ? 0.0 : 1.0;
    deliver_at_start(work, batch, lane);
    if (batch->duration[segment] > 0.0 || resting) {
        lane->phase = RUN;
    } else {
        lane->segment += 1;
        if (renewed) lane->fresh = NEW_MEMBER;
    }
    return renewed;
}

// ---- rest, and the first step

DEVICE void rates_anew(double *work, int from, int to, double time)
{
    for (int i = 0; i < STATES; ++i) W(to + i) = 0.0;
    rates(work, from, to, time);
}

// end a segment until rest whose state rests
DEVICE void check_rest(double *work, const Batch *batch, Lane *lane)
{
    rates_anew(work, STATE, K, lane->time);
    bool rests = true;
    for (int i = 0; i < STATES; ++i) {
        const double allowed = batch->rest_tolerance * (fabs(W(STATE + i)) + batch->tolerance[i]);
        if (fabs(W(K + i)) - allowed > 0.0) rests = false;
    }
    if (rests) {
        lane->segment += 1;
        lane->phase = ENTER;
    }
}

// the first step size, from the sizes of the state, its slope and its second derivative
DEVICE double first_step(double *work, const Batch *batch, const Lane *lane, double *slope)
{
    const double span = batch->duration[lane->segment] - lane->elapsed;
    double level = 0.0, speed = 0.0, bend = 0.0;
    rates_anew(work, STATE, K, lane->time);
    for (int i = 0; i < STATES; ++i) {
        const double magnitude = fabs(W(STATE + i));
        const double size = weighted(batch, i, W(STATE + i), magnitude);
        const double rate = weighted(batch, i, W(K + i), magnitude);
        level += size * size;
        speed += rate * rate;
    }
    level = sqrt(level / STATES);
    speed = sqrt(speed / STATES);
    double trial = level < 1e-5 || speed < 1e-5 ? 1e-6 * span : 0.01 * (level / speed);
    trial = trial < span ? trial : span;
    for (int i = 0; i < STATES; ++i) W(STAGE + i) = W(STATE + i) + trial * W(K + i);
    rates_anew(work, STAGE, K + STATES, lane->time + trial * lane->clock);
    for (int i = 0; i < STATES; ++i) {
        const double change = W(K + STATES + i) - W(K + i);
        const double ratio = weighted(batch, i, change, fabs(W(STATE + i)));
        bend += ratio * ratio;
    }
    bend = sqrt(bend / STATES) / trial;
    *slope = speed;
    const double steepest = bend > speed ? bend : speed;
    const double step = steepest < 1e-15 ? 1e-3 * span : pow(0.01 / steepest, 1.0 / ORDER_OF_METHOD);
    return step < 100.0 * trial ? step : 100.0 * trial;
}

// give a fresh lane its first step size; says whether it can go on
DEVICE bool start(double *work, const Batch *batch, Lane *lane)
{
    double slope;
    lane->proposal = first_step(work, batch, lane, &slope);
    lane->fresh = CONTINUED;
    lane->retried = false;
    lane->old_size = 0.0;
    if (!is_finite(slope)) {
        fail(work, batch, lane, NON_FINITE, K);
    } else if (batch->until_rest[lane->segment] != 0) {
        check_rest(work, batch, lane);
        // a period until rest without any time to come to it
        if (lane->phase == RUN && batch->duration[lane->segment] == 0.0)
            fail(work, batch, lane, NO_REST, K);
    }
    return lane->phase == RUN;
}

// bring the lane to where it can step, or to idleness; says whether it can
DEVICE bool fill(double *work, const Batch *batch, Lane *lane)
{
    while (true) {
        bool changed = false;
        while (lane->phase == EMPTY || lane->phase == ENTER) {
            if (lane->phase == EMPTY) take_member(work, batch, lane);
            else if (enter_segment(work, batch, lane)) changed = true;
        }
        if (lane->phase == IDLE) return false;
        if (changed) prepare(work);
        if (lane->fresh != FRESH || start(work, batch, lane)) return true;
    }
}

// ---- one step

DEVICE void choose_size(const Batch *batch, Lane *lane)
{
    const double left = batch->duration[lane->segment] - lane->elapsed;
    lane->last = lane->proposal * STRETCH >= left;
    lane->size = lane->last ? left : lane->proposal;
}

// the argument of a stage, and in the place of its result the part that follows from earlier stages; the
// stage's number is known to the compiler, so that all earlier results are fetched at once
template <int stage> DEVICE void begin_numbered_stage(double *work, double inverse_step)
{
    for (int i = 0; i < STATES; ++i) {
        double moved = 0.0, coupled = 0.0;
        for (int earlier = 0; earlier < stage; ++earlier) {
            const double known = W(K + earlier * STATES + i);
            moved += ARGUMENTS[stage][earlier] * known;
            coupled += COUPLINGS[stage][earlier] * known;
        }
        W(STAGE + i) = W(STATE + i) + moved;
        W(K + stage * STATES + i) = coupled * inverse_step;
    }
}

template <int number> struct StageFrom {
    DEVICE void begin(double *work, int stage, double inverse_step)
    {
        if (stage == number) begin_numbered_stage<number>(work, inverse_step);
        else StageFrom<number + 1>::begin(work, stage, inverse_step);
    }
};

template <> struct StageFrom<STAGES> {
    DEVICE void begin(double *, int, double) {}
};

// attempt a step; the new state is left in STAGE, the mean square of the error over its tolerance returned
DEVICE double step(double *work, const Batch *batch, const Lane *lane)
{
    const double advance = lane->clock * lane->size;
    jacobian(work, STATE, lane->time);
    factor(work, 1.0 / (GAMMA * lane->size));
    NO_UNROLL
    for (int stage = 0; stage < STAGES; ++stage) {
        const int to = K + stage * STATES;
        StageFrom<0>::begin(work, stage, 1.0 / lane->size);
        add_time_slopes(work, to, SLOPES[stage] * advance);
        rates(work, STAGE, to, lane->time + NODES[stage] * advance);
        solve(work, to);
    }
    double total = 0.0;
    for (int i = 0; i < STATES; ++i) {
        const double error = W(LAST_STAGE + i);
        const double end = W(STAGE + i) + error;
        W(STAGE + i) = end;
        // a state that overflows must fail the step also where its error over its size is a number
        const double magnitude = larger(fabs(W(STATE + i)), fabs(end));
        const double ratio = weighted(batch, i, error, magnitude) + 0.0 * end;
        total += ratio * ratio;
    }
    return total / STATES;
}

// propose the next size from this error and the one before
DEVICE void grow(Lane *lane, double growth)
{
    double factor = smaller(GROW, larger(SHRINK, SAFETY * growth));
    if (lane->old_size > 0.0) {
        // growth is error**(-1/5); the ratio of this error to the last enters squared
        const double trend = lane->size / lane->old_size * growth * growth / lane->old_growth;
        factor = smaller(factor, larger(SHRINK, SAFETY * trend));
    }
    if (lane->retried) factor = smaller(factor, 1.0);
    const double proposal = lane->size * factor;
    lane->proposal = lane->last ? larger(proposal, lane->proposal) : proposal;
    lane->retried = false;
    lane->old_size = lane->size;
    lane->old_growth = smaller(growth, LARGEST_OLD_GROWTH);
}

// accept or reject the step and choose the next size; says whether it was accepted
DEVICE bool judge(const double *work, const Batch *batch, Lane *lane, double error)
{
    const double growth = pow(error, -0.5 / ORDER_OF_METHOD);
    lane->steps += 1;
    if (error <= 1.0) {
        grow(lane, growth);
        return true;
    }
    lane->rejected += 1;
    lane->retried = true;
    // a NaN fails every comparison and so comes here
    lane->proposal = lane->size * (is_finite(error) ? larger(SHRINK, SAFETY * growth) : SHRINK_NON_FINITE);
    const double time = batch->start[lane->segment] + lane->elapsed;
    if (time + lane->proposal <= time || lane->proposal < SMALLEST_STEP * batch->duration[lane->segment])
        fail(work, batch, lane, STEP_TOO_SMALL, LAST_STAGE);
    else if (lane->steps >= batch->max_steps)
        fail(work, batch, lane, STEP_LIMIT, LAST_STAGE);
    return false;
}

// ---- what follows an accepted step

// write the wanted states a fraction theta into the step
DEVICE void interpolate(double *work, const Batch *batch, const Lane *lane, double theta)
{
    const double rest = 1.0 - theta;
    double weights[STAGES];
    for (int stage = 0; stage < STAGES; ++stage)
        weights[stage] =
            theta * rest * (DENSE[0][stage] + theta * (DENSE[1][stage] + theta * DENSE[2][stage]));
    for (long long column = 0; column < batch->columns; ++column) {
        const int state = (int)batch->wanted[column];
        double value = rest * W(STATE + state) + theta * W(STAGE + state);
        for (int stage = 0; stage < STAGES; ++stage) value += weights[stage] * W(K + stage * STATES + state);
        write_output(batch, lane, column, value);
    }
}

// write the outputs that lie within the accepted step
DEVICE void deliver(double *work, const Batch *batch, Lane *lane)
{
    if (batch->until_rest[lane->segment] != 0) return;
    const double *times = batch->times + batch->first_time[lane->plan];
    const double reached = lane->time + lane->size;
    const long long until = batch->outputs_until[lane->segment];
    while (lane->next_output < until && (lane->last || times[lane->next_output] <= reached)) {
        const double theta = (times[lane->next_output] - lane->time) / lane->size;
        interpolate(work, batch, lane, smaller(1.0, larger(0.0, theta)));
        lane->next_output += 1;
    }
}

// take the new state, and end a segment that has reached its end
DEVICE void move_on(double *work, const Batch *batch, Lane *lane)
{
    for (int i = 0; i < STATES; ++i) W(STATE + i) = W(STAGE + i);
    lane->elapsed += lane->size;
    if (batch->until_rest[lane->segment] != 0) {
        check_rest(work, batch, lane);
        if (lane->phase == RUN && lane->last) fail(work, batch, lane, NO_REST, K);
    } else if (lane->last) {
        lane->segment += 1;
        lane->phase = ENTER;
    } else {
        lane->time = batch->start[lane->segment] + lane->elapsed;
    }
    if (lane->phase == RUN && lane->steps >= batch->max_steps)
        fail(work, batch, lane, STEP_LIMIT, LAST_STAGE);
}

// all members that one thread comes to
DEVICE void run_thread(const Batch *batch, long long thread)
{
    WORK_OF_THREAD
    Lane lane = {};
    lane.member = thread - batch->threads;
    NO_UNROLL
    while (fill(work, batch, &lane)) {
        choose_size(batch, &lane);
        const double error = step(work, batch, &lane);
        if (judge(work, batch, &lane, error)) {
            deliver(work, batch, &lane);
            move_on(work, batch, &lane);
        }
    }
}

#ifdef ON_DEVICE
extern "C" __global__ void integrate(const Batch *batch)
{
    const long long thread = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (thread < batch->threads) run_thread(batch, thread);
}
#else
extern "C" void integrate(const Batch *batch)
{
    for (long long thread = 0; thread < batch->threads; ++thread) run_thread(batch, thread);
}
#endif
