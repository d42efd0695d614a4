#include "lib/channel.glsl"

vec4 bent(int tile, ivec2 p) {
    int low = int(min(FIRST, SECOND)), high = int(max(FIRST, SECOND));
    int count = max(0, min(int(COUNT), min(high - low, u_shape.x - high)));
    vec4 value = vec4(0.0);
    for (int lane = 0; lane < 4 && tile * 4 + lane < u_shape.x; lane++) {
        int channel = tile * 4 + lane;
        if (channel >= low && channel < low + count) channel += high - low;
        else if (channel >= high && channel < high + count) channel -= high - low;
        value[lane] = value0(channel, p);
    }
    return value;
}
