// A texel of a packed kernel from the tensor as it lies on the device. What a cell adds up is in studio/model/taps.py.
//
// u_kernel_layout = (input tiles an output tile reads, input tiles to a row, inputs to a group, outputs to a group)
// SWAPS: the tensor's first axis is of inputs, its second of outputs, within each group.

const int CELL_ROW[CELLS] = CELL_ROWS, CELL_COLUMN[CELLS] = CELL_COLUMNS;
const int ROW_FIRST[ROWS] = ROW_FIRSTS, ROW_COUNT[ROWS] = ROW_COUNTS;
const int COLUMN_FIRST[COLUMNS] = COLUMN_FIRSTS, COLUMN_COUNT[COLUMNS] = COLUMN_COUNTS;

#if __VERSION__ < 400
uniform ivec4 u_kernel_layout;
#endif

// Four output channels of one tap of one input channel.
vec4 weight(int out_tile, int channel, int ky, int kx) {
    int inputs = u_kernel_layout.z, outputs = u_kernel_layout.w;
#if !SWAPS && !GROUPED
    return read0(out_tile, ivec2(kx, channel * KH + ky));
#else
    int all = SWAPS == 1 ? u_shape0.x / inputs * outputs : u_shape0.x;
    vec4 found = vec4(0.0);
    for (int lane = 0; lane < 4; lane++) {
        int out_channel = out_tile * 4 + lane, group = out_channel / outputs;
        int own = channel - group * inputs;
        if (out_channel >= all || own < 0 || own >= inputs) continue;
        int row = SWAPS == 1 ? channel : out_channel;
        int column = SWAPS == 1 ? out_channel - group * outputs : own;
        found[lane] = read0(row / 4, ivec2(kx, column * KH + ky))[row % 4];
    }
    return found;
#endif
}

vec4 packed_kernel(int out_tile, int j, int cell, int lane) {
    int inputs = u_kernel_layout.z, outputs = u_kernel_layout.w;
    int channel = (out_tile * 4 / outputs * inputs / 4 + j) * 4 + lane;
#if !GROUPED
    if (channel >= inputs) return vec4(0.0);
#endif
    int row = CELL_ROW[cell], column = CELL_COLUMN[cell];
    vec4 sum = vec4(0.0);
    for (int y = 0; y < ROW_COUNT[row]; y++) {
        for (int x = 0; x < COLUMN_COUNT[column]; x++) {
            sum += weight(out_tile, channel, ROW_FIRST[row] + y, COLUMN_FIRST[column] + x);
        }
    }
    return sum;
}
