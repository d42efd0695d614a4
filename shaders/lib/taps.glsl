// Where the cells of a kernel read: the picture is in studio/model/declared/taps.py. Pairs are (x, y).

const ivec2 PHASES = ivec2(PHASES_W, PHASES_H);
const ivec2 STEP = ivec2(STEP_W, STEP_H);
const ivec2 SPACING = ivec2(SPACING_W, SPACING_H);

const int FIRST_X[PHASES_W] = FIRSTS_W, COUNT_X[PHASES_W] = COUNTS_W, START_X[PHASES_W] = STARTS_W;
const int FIRST_Y[PHASES_H] = FIRSTS_H, COUNT_Y[PHASES_H] = COUNTS_H, START_Y[PHASES_H] = STARTS_H;

struct Phase {
    ivec2 first;  // input pixel of the first cell, for the phase's first output pixel
    ivec2 count;  // cells across and down
    int base;     // cells of all phases before it
};

Phase phase_at(ivec2 r) {
    ivec2 first = ivec2(FIRST_X[r.x], FIRST_Y[r.y]);
    ivec2 count = ivec2(COUNT_X[r.x], COUNT_Y[r.y]);
    return Phase(first, count, START_Y[r.y] * CELLS_W + count.y * START_X[r.x]);
}
