/** The constants of the optimizers, which every engine takes as they were published. */

/** Adam's decay rates (Kingma & Ba 2015). */
export const adamBeta1 = 0.9;
export const adamBeta2 = 0.999;
/** RMSprop's decay rate of the mean square (Tieleman & Hinton 2012; the value is PyTorch's). */
export const rmspropDecay = 0.99;
/** Keeps adam and rmsprop from dividing by zero. */
export const epsilon = 1e-8;
