// The first thing that runs, and small: whoever was logged in here is asked after while the panel itself is still being read.
import { askEarly } from './early';

askEarly();
void import('./start');
