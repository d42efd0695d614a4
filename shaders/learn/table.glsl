// What a step does of several tensors at once, a row of the table for each:
//
//   0  textures to sample: the gradient, the tensor          5  images of two textures of vectors
//   1  what is remembered, the first and the second          6  shape of the map: channels, height, width, columns
//   2  images of the tensor and of the first                 7  input channels, rows of a kernel, first group, a number
//   3  image of the second; texture of the rates             8  for each of two: how it is packed, base or row,
//   4  textures of a pull's strength and its target          9    tiles of the input, where its order of taps begins
//                                                           10  whether there are rates, a pull; two numbers
//
// With HANDLES each dispatch does all of them, else one, whose textures are at units. A group does 64 items, each the four
// input channels of a tile at one tap for four output channels: 4 × 4 weights, as they lie in packed kernels.
// u_span = (first row, rows, items of a group, 0)
#define ROWS 11

layout(local_size_x = 64) in;
layout(std140, binding = 0) uniform Span { ivec4 u_span; };
layout(std430, binding = 1) readonly buffer Table { uvec4 u_table[]; };

uvec4 table(int job, int row) { return u_table[job * ROWS + row]; }

int group_of(int job) { return int(table(job, 7).z); }

// The row that a group works for; groups are counted from that of the first row.
int job_of(int group) {
    int low = u_span.x, high = u_span.x + u_span.y - 1;
    while (low < high) {
        int middle = (low + high + 1) / 2;
        if (group_of(middle) <= group) low = middle;
        else high = middle - 1;
    }
    return low;
}

int my_group() {
    return int(gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x) + group_of(u_span.x);
}

struct Item {
    int job;
    bool live;
    int out_tile, in_tile, ky, kx;
    ivec4 shape;
    ivec2 kernel;  // input channels, rows of a kernel
};

Item item_at(int group, int number) {
    Item found;
    found.job = job_of(group);
    found.shape = ivec4(table(found.job, 6));
    found.kernel = ivec2(table(found.job, 7).xy);
    int at = (group - group_of(found.job)) * u_span.z + number;
    int width = found.shape.z, taps = width * found.kernel.y, in_tiles = (found.kernel.x + 3) / 4;
    found.kx = at % width;
    found.ky = at / width % found.kernel.y;
    found.in_tile = at / taps % in_tiles;
    found.out_tile = at / taps / in_tiles;
    found.live = found.out_tile * 4 < found.shape.x;
    return found;
}

bool has_lane(Item item, int lane) { return item.in_tile * 4 + lane < item.kernel.x; }

ivec2 place_of(Item item, int lane) {
    return tile_origin(item.shape, item.out_tile) + ivec2(item.kx, (item.in_tile * 4 + lane) * item.kernel.y + item.ky);
}

#if HANDLES
#define GRAD(job) sampler2D(table(job, 0).xy)
#define WEIGHT(job) sampler2D(table(job, 0).zw)
#define FIRST(job) sampler2D(table(job, 1).xy)
#define SECOND(job) sampler2D(table(job, 1).zw)
#define RATES(job) sampler2D(table(job, 3).zw)
#define STRENGTH(job) sampler2D(table(job, 4).xy)
#define TARGET(job) sampler2D(table(job, 4).zw)
#else
layout(binding = 0) uniform sampler2D u_grad;
layout(binding = 1) uniform sampler2D u_weight;
layout(binding = 2) uniform sampler2D u_first_slot;
layout(binding = 3) uniform sampler2D u_second_slot;
layout(binding = 4) uniform sampler2D u_rates;
layout(binding = 5) uniform sampler2D u_strength;
layout(binding = 6) uniform sampler2D u_target;
layout(binding = 0) writeonly uniform image2D u_to_weight;
layout(binding = 1) writeonly uniform image2D u_to_first;
layout(binding = 2) writeonly uniform image2D u_to_second;
layout(binding = 3) writeonly uniform image2D u_to_vectors;
layout(binding = 4) writeonly uniform image2D u_to_others;
#define GRAD(job) u_grad
#define WEIGHT(job) u_weight
#define FIRST(job) u_first_slot
#define SECOND(job) u_second_slot
#define RATES(job) u_rates
#define STRENGTH(job) u_strength
#define TARGET(job) u_target
#endif

void keep_weight(int job, ivec2 at, vec4 value) {
#if HANDLES
    imageStore(image2D(table(job, 2).xy), at, value);
#else
    imageStore(u_to_weight, at, value);
#endif
}

void keep_first(int job, ivec2 at, vec4 value) {
#if HANDLES
    imageStore(image2D(table(job, 2).zw), at, value);
#else
    imageStore(u_to_first, at, value);
#endif
}

void keep_second(int job, ivec2 at, vec4 value) {
#if HANDLES
    imageStore(image2D(table(job, 3).xy), at, value);
#else
    imageStore(u_to_second, at, value);
#endif
}

void keep_vectors(int job, int which, ivec2 at, vec4 value) {
#if HANDLES
    uvec4 images = table(job, 5);
    imageStore(image2D(which == 0 ? images.xy : images.zw), at, value);
#else
    if (which == 0) imageStore(u_to_vectors, at, value);
    else imageStore(u_to_others, at, value);
#endif
}
