// A texel of a packed kernel: what a cell adds up is in studio/model/declared/taps.py. Before this stands `weight`, four output
// channels of one tap of one input channel.
//
// u_kernel_layout = (input tiles an output tile reads, input tiles to a row, inputs to a group, outputs to a group)

const int CELL_ROW[CELLS] = CELL_ROWS, CELL_COLUMN[CELLS] = CELL_COLUMNS;
const int ROW_FIRST[ROWS] = ROW_FIRSTS, ROW_COUNT[ROWS] = ROW_COUNTS;
const int COLUMN_FIRST[COLUMNS] = COLUMN_FIRSTS, COLUMN_COUNT[COLUMNS] = COLUMN_COUNTS;

vec4 packed_kernel(int out_tile, int j, int cell, int lane) {
    int inputs = u_kernel_layout.z, outputs = u_kernel_layout.w;
    int channel = (out_tile * 4 / outputs * inputs / 4 + j) * 4 + lane;
#if !GROUPED
    if (channel >= inputs) return vec4(0.0);
#endif
    int row = CELL_ROW[cell], column = CELL_COLUMN[cell];
    vec4 sum;
    // Rows first, as numpy does: the same sums in another order differ in their last digits.
    for (int x = 0; x < COLUMN_COUNT[column]; x++) {
        vec4 down = weight(out_tile, channel, ROW_FIRST[row], COLUMN_FIRST[column] + x);
        for (int y = 1; y < ROW_COUNT[row]; y++) {
            down += weight(out_tile, channel, ROW_FIRST[row] + y, COLUMN_FIRST[column] + x);
        }
        sum = x == 0 ? down : sum + down;
    }
    return sum;
}
